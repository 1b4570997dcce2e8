"""How many requests a client may send."""

from hypothesis import given
from hypothesis import strategies as st

from feed.server.http.quota import DAY, SECOND, Quotas


def test_it_counts_down_and_starts_anew_every_second():
    """Whole seconds of the clock, the same for all."""
    quotas = Quotas(SECOND)
    taken = [quotas.take("a", 2, now) for now in (10.2, 10.4, 10.9, 10.95, 11.0)]
    assert [(quota.remaining, quota.exceeded) for quota in taken] == [
        (1, False),
        (0, False),
        (-1, True),
        (-1, True),
        (1, False),
    ]


def test_what_is_left_is_never_shown_below_none():
    """As the headers of a refusal say."""
    quotas = Quotas(SECOND)
    taken = [quotas.take("a", 2, 10.5) for _ in range(4)]
    assert taken[-1].headers() == {
        "X-RateLimit-Limit": "2",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "1",
    }


def test_a_day_ends_at_midnight():
    """And clients are told when that is, not in how many seconds."""
    quotas = Quotas(DAY)
    midnight = 19_789 * 86_400
    first, second = (quotas.take("a", 1, midnight - 90.5) for _ in range(2))
    assert (first.remaining, first.wait, first.reset) == (0, 91, midnight)
    assert (second.exceeded, second.wait, second.reset) == (True, 91, midnight)
    assert not quotas.take("a", 1, midnight).exceeded


def test_each_has_a_limit_of_its_own():
    """Counted apart, in the same window."""
    quotas = Quotas(DAY)
    assert [quotas.take(who, limit, 0).remaining for who, limit in [("a", 1), ("b", 9), ("a", 1)]] == [
        0,
        8,
        -1,
    ]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 5)), max_size=50), st.integers(1, 5))
def test_nobody_gets_more_and_nobody_pays_for_another(requests, limit):
    """In every second each gets exactly the requests it made, up to the limit."""
    quotas = Quotas(SECOND)
    requests.sort(key=lambda item: item[1])
    passed = [(who, int(now)) for who, now in requests if not quotas.take(who, limit, now).exceeded]
    asked = [(who, int(now)) for who, now in requests]
    assert {key: passed.count(key) for key in asked} == {key: min(limit, asked.count(key)) for key in asked}
