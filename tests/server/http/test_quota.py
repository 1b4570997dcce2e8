"""How many requests a client may send."""

from hypothesis import given
from hypothesis import strategies as st

from feed.server.http.quota import Quota, Quotas


def test_it_counts_down_and_starts_anew_every_second():
    """Whole seconds of the clock, the same for all."""
    quotas = Quotas(2)
    taken = [quotas.take("a", now) for now in (10.2, 10.4, 10.9, 10.95, 11.0)]
    assert [(quota.remaining, quota.exceeded) for quota in taken] == [
        (1, False),
        (0, False),
        (-1, True),
        (-1, True),
        (1, False),
    ]


def test_what_is_left_is_never_shown_below_none():
    """As the headers of a refusal say."""
    assert Quota(2, -1).headers() == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1",
    }


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5)), max_size=50), st.integers(1, 5))
def test_nobody_gets_more_and_nobody_pays_for_another(requests, limit):
    """In every second each gets exactly the requests it made, up to the limit."""
    quotas = Quotas(limit)
    requests.sort(key=lambda item: item[1])
    passed = [(who, int(now)) for who, now in requests if not quotas.take(who, now).exceeded]
    asked = [(who, int(now)) for who, now in requests]
    assert {key: passed.count(key) for key in asked} == {key: min(limit, asked.count(key)) for key in asked}
