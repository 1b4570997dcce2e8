"""The journal of order requests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ConfigError
from feed.model.events import Side
from feed.model.requests import Cancel, CancelMany, Create, Entry, Modify
from feed.model.trading import Pricing, packed
from feed.scenario.journal import append_entry, journal_line, read_journal

COMMON = {
    "account": st.integers(1, 10**6),
    "instrument": st.integers(0, 999),
    "request": st.uuids().map(str).map(packed) | st.just(0),
}
UNITS = st.integers(1, 10**15)
REQUESTS = st.one_of(
    st.builds(
        Create,
        **COMMON,
        side=st.sampled_from(Side),
        size=UNITS,
        type=st.sampled_from(Pricing),
        price=UNITS,
        slippage=st.integers(0, 10**6),
        post_only=st.booleans(),
        leverage=st.integers(1, 10),
    ),
    st.builds(Cancel, **COMMON, order=UNITS, created=UNITS),
    st.builds(CancelMany, **COMMON, price=UNITS, side=st.sampled_from([-1, 0, 1])),
    st.builds(Modify, **COMMON, order=UNITS, created=UNITS, price=UNITS, size=UNITS),
)


@given(requests=st.lists(REQUESTS, max_size=5))
def test_what_was_written_is_read(tmp_path_factory, requests):
    """Every request, in order, to the last digit."""
    path = tmp_path_factory.mktemp("journal") / "orders.jsonl"
    entries = [Entry(at=10**18 + at, request=request) for at, request in enumerate(requests)]
    path.touch()
    for entry in entries:
        append_entry(path, entry)
    assert list(read_journal(path)) == entries


def test_a_line_can_be_read_by_people():
    """The client's own id stands there as it came."""
    request = CancelMany(account=1, instrument=4, request=packed("0835bf3e-4a20-41f0-908d-8213f2b7a285"))
    assert journal_line(Entry(at=5, request=request)) == (
        b'{"at":5,"do":"cancel-many","account":1,"instrument":4,'
        b'"request":"0835bf3e-4a20-41f0-908d-8213f2b7a285","price":0,"side":-1}\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "[]",
        "{}",
        '{"at":1,"do":"explode","account":1,"instrument":0,"request":""}',
        '{"at":1,"do":"cancel-many","account":0,"instrument":0,"request":""}',
        '{"at":1,"do":"cancel-many","account":1,"instrument":0,"request":"\u00fc"}',
        '{"at":1,"do":"cancel-many","account":1,"instrument":0,"request":"","more":1}',
        '{"at":"x","do":"cancel-many","account":1,"instrument":0,"request":""}',
    ],
)
def test_a_bad_line_is_named(tmp_path, text):
    """File and line."""
    path = tmp_path / "orders.jsonl"
    good = journal_line(Entry(at=1, request=CancelMany(account=1, instrument=0))).decode()
    path.write_text(good + text + "\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"orders\.jsonl:2: no entry"):
        list(read_journal(path))


def test_time_does_not_go_back(tmp_path):
    """And a file that is not there is the operator's mistake."""
    path = tmp_path / "orders.jsonl"
    for at in (2, 1):
        append_entry(path, Entry(at=at, request=CancelMany(account=1, instrument=0)))
    with pytest.raises(ConfigError, match="earlier than the line before"):
        list(read_journal(path))
    with pytest.raises(ConfigError, match="cannot be read"):
        list(read_journal(tmp_path / "none"))
