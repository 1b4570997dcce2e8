"""What a block is made of, and in which order."""

import pytest
from written_market import entry

from feed.cluster.block import REFUSED, Outcome
from feed.cluster.sequence import EDGE_KINDS, LOGGED_KINDS, BlockBuilder
from feed.durability.entries import decode
from feed.model.events import CLEAR
from feed.model.stream_position import StreamPosition
from feed.server.durable import kinds
from feed.sim.run_status import RunState

ROW = (CLEAR, 0, 1_000)
DETAILS = {"made": 1.5, "stood": 0, "market_time": 1_000, "phase": RunState.PAUSED, "takes_orders": True}


def test_changes_stand_in_front_of_the_next_events():
    """All until then, in their order; and in no block after it."""
    builder = BlockBuilder(StreamPosition(0, 7))
    builder.record(entry(kinds.ALERT, name="a"))
    builder.record(entry(kinds.ALERT_END, name="a"))
    assert builder.pending
    first = builder.build([ROW], **DETAILS)
    assert not builder.pending
    builder.record(entry(kinds.FAULT, name="b"))
    second, third = (builder.build(rows, **DETAILS) for rows in ((), [ROW]))
    assert [[one.data["name"] for one in decode(block.entries)] for block in (first, second)] == [
        ["a", "a"],
        ["b"],
    ]
    assert third.entries == b""
    assert (first.before, second.before, third.before) == (0, 1, 1)


@pytest.mark.parametrize("kind", sorted({getattr(kinds, name) for name in dir(kinds) if name.isupper()}))
def test_secrets_and_what_is_the_sequencers_own_go_no_further(kind):
    """Only that is told which clients of an edge can see the effect of."""
    builder = BlockBuilder(StreamPosition(0, 7))
    builder.record(entry(kind))
    told = kind not in {"nonce", "keys", "pace", "origins"} and not kind.startswith("webhook")
    assert builder.pending == told == (kind in EDGE_KINDS)
    whole = BlockBuilder(StreamPosition(0, 7), LOGGED_KINDS)
    assert whole.record(entry(kind)) == whole.pending == (not kind.startswith("webhook"))


def test_what_does_not_hurry_waits_for_company():
    """It asks for no block of its own, until somebody wants it written."""
    builder = BlockBuilder(StreamPosition(0, 7), LOGGED_KINDS)
    builder.hurry()
    assert not builder.pending
    builder.record(entry(kinds.NONCE, name="a"), hurry=False)
    assert not builder.pending
    builder.hurry()
    assert builder.pending
    block = builder.build([], **DETAILS)
    assert not builder.pending
    assert [one.data["name"] for one in decode(block.entries)] == ["a"]


def test_what_became_of_a_request_is_in_the_block_of_its_events():
    """Of one that was refused in the next one, and at once; likewise of one without events."""
    builder = BlockBuilder(StreamPosition(0, 7))
    acted = [Outcome(edge="a", number=at, seq=seq, events=1) for at, seq in enumerate((1, 1, 3))]
    for one in acted:
        builder.outcome(one)
    assert not builder.pending
    first = builder.build([ROW], **DETAILS)
    assert (first.outcomes, builder.pending) == (tuple(acted[:2]), False)
    refused = Outcome(edge="b", number=1, seq=0, events=REFUSED)
    builder.outcome(refused)
    assert builder.pending
    second, third = (builder.build(rows, **DETAILS) for rows in ([], [ROW, ROW]))
    assert (second.outcomes, third.outcomes) == ((refused,), (acted[2],))
    late = Outcome(edge="a", number=9, seq=3, events=0)
    builder.outcome(late)
    assert builder.pending
    assert builder.build([], **DETAILS).outcomes == (late,)


def test_a_block_says_how_the_market_is():
    """What a reader cannot see from the events."""
    block = BlockBuilder(StreamPosition(0, 7)).build([], ended=True, **DETAILS | {"stood": 5})
    assert (block.phase, block.stood, block.made, block.market_time, block.takes_orders, block.ended) == (
        "paused",
        5,
        1.5,
        1_000,
        True,
        True,
    )
    assert (block.events, block.rows, block.begins) == (0, b"", block.ends)
