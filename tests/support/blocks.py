"""Blocks of a small market, and a log of them without a server."""

from scripts import Script

from feed import Settings
from feed.checkpoint.engine import engine_digest
from feed.cluster.block import BEFORE_ALL, Block, rows_of
from feed.cluster.local_log import LocalLog
from feed.cluster.log_header import LogHeader, release, write_header
from feed.cluster.ports import NO_HANDLERS
from feed.cluster.snapshot import Snapshot, write_snapshot
from feed.faults.contract import FaultPlan
from feed.faults.progress import FaultProgress
from feed.model.arrival import HERE
from feed.model.events import CLOCK
from feed.model.stream_position import StreamPosition, first_proof
from feed.server.durable.service_state import ServiceState
from feed.server.http.forwarding import ForwardedCall
from feed.server.stream_state import before_the_first_event, carry_on
from feed.settings import Cluster
from feed.stream.chain import chained, joined

LISTING = Script().listing
START = StreamPosition(0, first_proof(LISTING))
SECOND = 1_000_000_000
TOKEN_KEY = bytes(range(32))
CALL = ForwardedCall(
    template="/x",
    method="POST",
    scheme="http",
    path="/x",
    raw_path=b"/x",
    query=b"",
    headers=((b"a", b"b"),),
    arrival=HERE,
    in_path={},
    guard_problem="",
    body=b"body",
)


def clock_rows(number, count=2):
    """Some rows that say nothing but the time."""
    return [(CLOCK, 0, (1000 * number + at) * SECOND) for at in range(count)]


def block_of(rows, before, **more):
    """The block of rows that come after a position."""
    parts, proofs = chained(rows, before.proof)
    fields = {
        "before": before.seq,
        "before_proof": before.proof,
        "events": len(rows),
        "proof": proofs[-1] if proofs else before.proof,
        "rows": joined(parts) if parts else b"",
        "entries": b"",
        "outcomes": (),
        "stood": 0,
        "made": 0.0,
        "market_time": rows[-1][2] if rows else 0,
        "phase": "running",
        "takes_orders": True,
        "ended": False,
    }
    return Block(**{**fields, **more})


def blocks_after(position, count, *, size=2):
    """So many blocks after a position, each of as many rows."""
    found = []
    for number in range(count):
        found.append(block_of(clock_rows(position.seq + number, size), position))
        position = found[-1].ends
    return found


def snapshot_at(position, place=BEFORE_ALL, *, size=10):
    """A snapshot of nothing that can be read, of some size."""
    return Snapshot(place=place, position=position, stood=0, state=b"s" * size, history=b"h")


def header_bytes(history=b"h" * 16, *, by=None):
    header = LogHeader.of(Settings(), history=history, listing=LISTING, plan=FaultPlan())
    return write_header(header, release=by or release())


def local_log(*, paced=True, history=b"h" * 16, first=None, by=None, handlers=NO_HANDLERS, **settings):
    return LocalLog(
        first or snapshot_at(START),
        header=header_bytes(history, by=by),
        token_key=TOKEN_KEY,
        settings=Cluster(**settings),
        paced=lambda: paced,
        handlers=handlers,
    )


def all_rows(blocks, position=START):
    """The rows of consecutive blocks, after a look at their proofs."""
    rows = []
    for block in blocks:
        rows += rows_of(block, position)
        position = max(position, block.ends, key=lambda one: one.seq)
    return rows


def market_snapshot(steps=(), place=BEFORE_ALL):
    """A snapshot that can be read, of a server that has published the rows of some steps."""
    stream, services = before_the_first_event(LISTING, Settings(), trading=False), ServiceState()
    for rows in steps:
        carry_on(stream, services, rows)
    now = stream.market_state.now
    return write_snapshot(
        stream,
        services,
        FaultProgress(FaultPlan()),
        place=place,
        stood=0,
        market_time=now,
        engine=engine_digest(),
        wall=0,
    )
