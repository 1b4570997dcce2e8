"""A market that is computed along from the blocks of its log, and is held against each of them."""

import msgspec
import pytest
from leading_market import LeadingMarket
from published_market import ENGINE, SECOND, order
from written_market import entry, told

from feed.cluster.block import BrokenChain, Missing
from feed.cluster.computed import Differs, read_market
from feed.errors import FeedError
from feed.server.durable.kinds import NONCE, PACE
from feed.stream.chain import chained, joined, unpacked


def said(market):
    """All that a market has said, and what else is known of it, as bytes."""
    return told(market.stream, market.services, market.faults), market.origins, market.place


@pytest.fixture(scope="module")
def played():
    leading = LeadingMarket()
    leading.play(1)
    half = leading.whole()
    leading.play(2, seed=2)
    return leading, half


def test_who_computes_along_has_the_same_market(played):
    """After every block the same events; in the end the same of everything, requests that wait included."""
    leading, _ = played
    standby = leading.standby()
    for place, block in leading.blocks:
        standby.take(place, block)
        assert (standby.place, standby.position) == (place, block.ends)
    assert ("a", 1) in leading.market.decided
    assert said(standby.market) == said(leading.market)
    copy = read_market(leading.whole(), leading.header, engine=ENGINE)
    until = leading.market.run.now + SECOND
    assert standby.market.run.advance(until) == copy.run.advance(until)


def test_it_may_begin_anywhere(played):
    """From the market as it was written down after any block; blocks before that are passed over."""
    leading, half = played
    standby = leading.standby(half)
    for place, block in leading.blocks:
        standby.take(place, block)
    assert standby.position == leading.market.position
    assert standby.market.origins == leading.market.origins


def test_what_waits_for_its_place_is_known():
    """Requests in the log that have not acted, and which edge sent each."""
    leading = LeadingMarket()
    leading.ask(order(1), order(2))
    standby = leading.standby()
    standby.take(*leading.blocks[0])
    assert list(standby.market.origins) == [("a", 1), ("a", 2)]
    assert ("a", 2) in standby.market.decided
    leading.play(0.1)
    for one in leading.blocks[1:]:
        standby.take(*one)
    assert list(standby.market.origins) == list(leading.market.origins)


def test_services_are_known_too():
    """Also what no edge looks at, but who goes on with the market does."""
    leading = LeadingMarket()
    leading.write((), entry(NONCE, key="k", nonce=7), entry(PACE, paused=True, speed=2.0, market=5))
    standby = leading.standby()
    standby.take(*leading.blocks[0])
    assert standby.market.services.nonces == {"k": 7}
    assert standby.market.services.pace["speed"] == 2.0


def forged(block, change):
    """A block whose events are others, with checksums as if they were its own."""
    rows = change(unpacked(block.rows))
    parts, proofs = chained(rows, block.before_proof)
    return msgspec.structs.replace(block, rows=joined(parts), events=len(rows), proof=proofs[-1])


@pytest.mark.parametrize("kind", ["another", "fewer", "more"])
def test_the_first_event_that_differs_is_told(played, kind):
    """A block that is good in itself, and is not what comes out here."""
    leading, _ = played
    standby = leading.standby()
    at = next(at for at, (_, block) in enumerate(leading.blocks) if block.events > 5)
    for one in leading.blocks[:at]:
        standby.take(*one)
    place, block = leading.blocks[at]
    rows = unpacked(block.rows)
    other = (*rows[3][:2], rows[3][2] + 1, *rows[3][3:])
    change = {
        "another": lambda rows: [*rows[:3], other, *rows[4:]],
        "fewer": lambda rows: rows[:3] + rows[4:],
        "more": lambda rows: [*rows, other],
    }[kind]
    with pytest.raises(Differs) as found:
        standby.take(place, forged(block, change))
    seq = block.before + (len(rows) + 1 if kind == "more" else 4)
    assert found.value.seq == seq
    assert str(seq) in str(found.value)
    expected = {"another": (rows[3], other), "fewer": (rows[3], rows[4]), "more": (None, other)}[kind]
    if kind == "more":
        assert found.value.there == other
    else:
        assert (found.value.here, found.value.there) == expected


def test_inputs_that_are_not_in_the_log_are_noticed():
    """A leader that lets a request act without writing it computes something else."""
    leading = LeadingMarket()
    leading.play(0.2)
    rows = leading.market.run.execute(order(3))
    leading.write(rows)
    standby = leading.standby()
    for one in leading.blocks[:-1]:
        standby.take(*one)
    with pytest.raises(Differs):
        standby.take(*leading.blocks[-1])


def test_a_block_that_does_not_follow_is_refused(played):
    """Left out, or of another history."""
    leading, _ = played
    standby = leading.standby()
    with_events = [one for one in leading.blocks if one[1].events]
    with pytest.raises(Missing):
        standby.take(*with_events[1])
    spoilt = msgspec.structs.replace(with_events[0][1], proof=1)
    with pytest.raises(BrokenChain):
        standby.take(with_events[0][0], spoilt)


def test_blocks_that_are_written_again_change_nothing(played):
    """At other places, after a takeover: their inputs do not act twice."""
    leading, _ = played
    standby = leading.standby()
    for one in leading.blocks[:40]:
        standby.take(*one)
    again = [block for _, block in leading.blocks[:40] if block.events]
    for number, block in enumerate(again, start=1):
        standby.take((2, number), block)
    assert standby.place == (2, len(again))
    for number, (_, block) in enumerate(leading.blocks[40:], start=len(again) + 1):
        standby.take((2, number), block)
    assert standby.position == leading.market.position


def test_a_market_of_another_engine_is_refused(played):
    """It would compute something else."""
    leading, half = played
    with pytest.raises(FeedError):
        read_market(half, leading.header, engine="another")
