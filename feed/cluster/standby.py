"""
A server that computes a market along, and goes on with it when the one that has it is gone.

It looks again and again whether it can have the lease of the log. With that it appends a block without
events, in a term of its own, behind the last block that it has read: the log takes it only where none came
after that one. From then on no append of an older term is taken, since the block before it is another one
than it names: there are no two who append, whatever clocks and leases say.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final

import attrs
import structlog
import trio

from feed.cluster.block import Block, Place
from feed.cluster.computed import Computed, WholeMarket
from feed.cluster.lease import FIRST_LEASES, POLL_SECONDS, Lease
from feed.cluster.ports import Link
from feed.cluster.redis.log import Fenced
from feed.cluster.sequence import LOGGED_KINDS, BlockBuilder
from feed.cluster.shared_log import LogWriter, SharedLog
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.sim.run_status import RunState

log = structlog.get_logger("feed.standby")


@attrs.frozen(kw_only=True)
class Taken:
    """
    A market that was taken over.

    Attributes:
        market: As it stands after the last block before.
        last: That block; None where there was none since it was written down.
        heard: When it came, seconds on Trio's clock.
        term: In which this server appends.
        writer: What appends; it has appended the block that opens the term.
    """

    market: WholeMarket
    last: Block | None
    heard: float
    term: int
    writer: LogWriter


class Standby:
    """
    Computes along until it can take over.

    Args:
        shared: The log.
        link: Brings its blocks; it must run.
        computed: Where to begin; the market.
        lease: That is asked for.
        wall: Seconds since the Unix epoch.
        taken_in: Called after each block.
    Attributes:
        computed: As it was given.
    """

    def __init__(
        self,
        shared: SharedLog,
        link: Link,
        computed: Computed,
        lease: Lease,
        *,
        wall: Callable[[], float],
        taken_in: Callable[[Computed], object] = lambda _: None,
    ) -> None:
        self.computed: Final = computed
        self._shared = shared
        self._link = link
        self._lease = lease
        self._wall = wall
        self._taken_in = taken_in
        self._heard = trio.current_time()
        self._read = trio.lowlevel.ParkingLot()  # unparked with each block that was taken in

    @property
    def up_to_date(self) -> bool:
        """Whether everything was read that is known to be there."""
        return self.computed.position.seq >= self._link.state.seq

    async def run(self) -> Taken | None:
        """
        Compute along, and take over when the lease can be had; once.

        Returns:
            What was taken over; None where the market has ended before.
        Raises:
            Differs: The log has other events than come out here.
            Missing: Blocks that come next are not there any more.
            FeedError: The log cannot be followed.
        """
        taken: Taken | None = None
        problem: FeedError | None = None
        async with trio.open_nursery() as nursery:

            async def follow() -> None:
                nonlocal problem
                try:
                    await self._follow()
                except FeedError as found:
                    problem = found
                nursery.cancel_scope.cancel()

            nursery.start_soon(follow)
            taken = await self._take_over()
            nursery.cancel_scope.cancel()
        if problem is not None and taken is None:
            raise problem
        return taken

    async def _follow(self) -> None:
        """Take in every block, until one says that nothing follows."""
        computed = self.computed
        async with aclosing(self._link.blocks(computed.place, computed.position)) as blocks:
            async for place, block in blocks:
                computed.take(place, block)
                self._heard = trio.current_time()
                self._read.unpark_all()
                self._taken_in(computed)
                if block.ended:
                    return

    async def _take_over(self) -> Taken:
        told = False
        while True:
            await trio.sleep(self._lease.wait(trio.current_time()))
            if not self.up_to_date:
                await trio.sleep(POLL_SECONDS)
                continue
            if not told and self._link.state.connected:
                told = True
                log.info("stands by", where=self._shared.where, seq=self.computed.position.seq)
            term = await self._ask()
            if term is None:
                continue
            log.warning("nobody leads any more; taking over", where=self._shared.where, term=term)
            taken = await self._open(term)
            if taken is not None:
                return taken
            with suppress(FeedError):
                await self._shared.release_lease()
            self._lease.unanswered(trio.current_time())

    async def _ask(self) -> int | None:
        """Ask for the lease; the term, where it is ours."""
        asked = trio.current_time()
        try:
            term = await self._shared.take_lease(self._lease.seconds, above=self.computed.place[0])
        except FeedError:
            self._lease.unanswered(trio.current_time())
            return None
        self._lease.answered(asked, trio.current_time(), ours=term is not None)
        return term

    async def _open(self, term: int) -> Taken | None:
        """Append the block that opens a term; None where others append for as long as the lease."""
        deadline = trio.current_time() + self._lease.seconds
        while trio.current_time() < deadline:
            computed, last = self.computed, self.computed.last
            before = computed.place, computed.position
            writer = self._shared.writer(term, before)
            heard = self._heard
            if await self._append(writer, _opening(computed, self._wall())):
                with suppress(FeedError):
                    await self._shared.take_lease(FIRST_LEASES * self._lease.seconds)
                # What was read since then can only be that block.
                return Taken(market=computed.market, last=last, heard=heard, term=term, writer=writer)
            await self._read_on(before)
        return None

    async def _append(self, writer: LogWriter, block: Block) -> bool:
        """Append a block; whether nobody else had appended."""
        fenced: Fenced | None = None
        async with trio.open_nursery() as nursery:
            nursery.start_soon(writer.run)
            try:
                await writer.append(block)
            except Fenced as found:
                fenced = found
            nursery.cancel_scope.cancel()
        if fenced is not None:
            log.info("somebody has appended meanwhile", reason=str(fenced))
        return fenced is None

    async def _read_on(self, before: tuple[Place, StreamPosition]) -> None:
        """Wait until more was read, a little at most."""
        with trio.move_on_after(POLL_SECONDS):
            while (self.computed.place, self.computed.position) == before:
                await self._read.park()


def _opening(computed: Computed, wall: float) -> Block:
    """A block without events, which says how the market is as the last one did."""
    last = computed.last
    return BlockBuilder(computed.position, LOGGED_KINDS).build(
        [],
        made=wall,
        stood=0,
        market_time=computed.market.market_time,
        phase=RunState.RUNNING if last is None else RunState(last.phase),
        takes_orders=last is None or last.takes_orders,
        read="" if last is None else last.read,
    )
