"""
The log of a sequencer on one machine: blocks in memory, and a link to each process that follows them.

A link is a cursor into the blocks that are kept: there is no queue for each, and one encoding for all. Who
falls so far behind that they are not kept any more is cut, and begins anew from a snapshot; the others notice
nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import attrs
import structlog
import trio

from feed.cluster.block import Block, Place
from feed.cluster.follower_link import FollowerLink
from feed.cluster.messages import Beat, Call, Report, Submit, Welcome, decode_request
from feed.cluster.ports import NO_HANDLERS, EdgeHandlers
from feed.cluster.retention import Retained
from feed.cluster.snapshot import Snapshot
from feed.settings import Cluster

log = structlog.get_logger("feed.log")

_MOST_LINKS: Final = 64
_MOST_EDGES: Final = 1024  # whose last request is known, also once they are gone


def _unheard() -> None:
    """Nobody wants to know."""


@attrs.frozen(kw_only=True)
class FollowerFigures:
    """
    How one who follows is.

    Attributes:
        name: Its name; no other has it at the same time.
        owed: Bytes of blocks that its socket has not taken.
        behind: Events that it has not told its clients, as far as it has said; None where it says nothing.
        report: The last thing that it said of itself; None where it says nothing.
    """

    name: str
    owed: int
    behind: int | None
    report: Report | None = None


class LocalLog:
    """
    Blocks for those who follow on this machine.

    Attributes:
        retained: The blocks that are kept, and the newest snapshot.
        grown: Unparked when there is a new block.
        handlers: Do what those who follow ask.
    """

    def __init__(
        self,
        first: Snapshot,
        *,
        header: bytes,
        token_key: bytes,
        settings: Cluster,
        paced: Callable[[], bool],
        phase: Callable[[], str] = str,
        handlers: EdgeHandlers = NO_HANDLERS,
        retained: Retained | None = None,
    ) -> None:
        """
        Begin with a snapshot.

        Args:
            first: Of the market before the first block.
            header: See :class:`feed.cluster.messages.Welcome`.
            token_key: See there.
            settings: Bounds.
            paced: Whether the market goes by a clock. Where it does not, it waits for those who follow.
            phase: What it is doing, see :class:`feed.cluster.messages.Beat`.
            handlers: See the class.
            retained: The blocks that somebody keeps already, up to the first snapshot; None for none.
        """
        self.handlers = handlers
        self.retained = retained or Retained(most_bytes=settings.retain_bytes)
        self.retained.keep(first)
        self.grown = trio.lowlevel.ParkingLot()
        self._header = header
        self._token_key = token_key
        self._settings = settings
        self._paced = paced
        self._phase = phase
        self._seq = first.position.seq
        self._end: Place | None = None  # of the market
        self._links: dict[FollowerLink, str] = {}
        self._requests: dict[str, int] = {}  # number of the last of each edge; the longest gone edge first
        self._taken = trio.lowlevel.ParkingLot()  # unparked when a socket has taken something, or a link ends

    @property
    def place(self) -> Place:
        """Of the newest block."""
        return self.retained.place

    @property
    def joinable(self) -> bool:
        """Whether all blocks after the newest snapshot are kept."""
        newest = self.retained.newest
        return newest is not None and self.retained.keeps(newest.place)

    def followers(self) -> list[FollowerFigures]:
        """How those are who follow, in the order in which they came."""
        found = []
        for one, name in self._links.items():
            behind = None if one.report is None else max(0, self._seq - one.report.seq)
            found.append(FollowerFigures(name=name, owed=self._owed(one), behind=behind, report=one.report))
        return found

    async def append(self, block: Block) -> Place:
        """
        Add a block, and wait while the market runs as fast as it can and somebody is too far behind.

        Those who have taken nothing for a while are not waited for.
        """
        place = self.retained.add(block)
        if block.ended:
            self._end = place
        self._seq = block.ends.seq
        self._cut_stalled()
        self.grown.unpark_all()
        if not self._paced():
            await self._room()
        return place

    async def taken(self, seconds: float) -> None:
        """Wait until everybody's socket has taken all blocks, so long at most."""
        with trio.move_on_after(seconds):
            while any(one.place < self.place for one in self._links):
                await self._taken.park()

    async def serve_link(
        self,
        stream: trio.abc.Stream,
        *,
        makes_snapshots: bool = False,
        worker: bool = False,
        follows: Callable[[], object] = _unheard,
    ) -> None:
        """
        Let one follow, until its link ends.

        Args:
            stream: To it; closed in the end.
            makes_snapshots: Whether it is a process of our own, whose snapshots are taken.
            worker: Whether it is one that serves clients on the sockets of this server.
            follows: Called once it does.
        """
        link = FollowerLink(
            stream,
            self,
            beat_seconds=self._settings.report_seconds,
            makes_snapshots=makes_snapshots,
            worker=worker,
        )
        async with stream:
            if not await link.meet() or len(self._links) >= _MOST_LINKS:
                reason = link.ended or f"{_MOST_LINKS} follow already"
                log.warning("nobody follows by a connection", name=link.name, reason=reason)
                return
            self._forget(link.edge, "it has connected again")
            name = self._links[link] = self._free_name(link.name)
            log.info("a server follows", name=name)
            follows()
            try:
                await link.run()
            finally:
                if self._links.pop(link, None):
                    self._left(link.edge)
                self.moved()
                log.info("a server follows no more", name=name, reason=link.ended or "this server ends")

    # --- what a link asks for: see FollowedLog ----------------------------------------------------------

    def welcome(self, edge: str, after: Place | None) -> Welcome:
        """The answer to who goes on after a block; to who begins with a snapshot, for None."""
        taken = self._requests.get(edge, 0)
        return Welcome(header=self._header, token_key=self._token_key, after=after, taken=taken)

    def beat(self, edge: str) -> Beat:
        """How far the log has come, and what else is told to an edge."""
        open_at = [one.report.connections for one in self._links if one.worker and one.report is not None]
        return Beat(
            seq=self._seq,
            place=self.place,
            taken=self._requests.get(edge, 0),
            mean_connections=sum(open_at) / len(open_at) if open_at else 0.0,
            phase=self._phase(),
            elsewhere=self.handlers.elsewhere(edge),
        )

    def take(self, edge: str, request: Submit | Call) -> bool:
        """Note that a request has come from an edge; False where it has come before."""
        last = self._requests.pop(edge, 0)
        self._requests[edge] = max(last, request.number)
        if len(self._requests) > _MOST_EDGES:
            del self._requests[next(iter(self._requests))]
        return request.number > last

    def submit(self, edge: str, request: Submit) -> None:
        """Let a request of an account act."""
        self.handlers.submit(edge, request.number, decode_request(request.request))

    def moved(self) -> None:
        """Note that somebody's socket has taken something."""
        self._taken.unpark_all()

    def keep(self, snapshot: Snapshot) -> None:
        """Let those who come begin with this snapshot, if it is newer and what follows it is kept."""
        newest = self.retained.newest
        if self._end is not None and snapshot.place >= self._end:
            return  # whoever comes would not hear that the market has ended
        if (newest is None or snapshot.place > newest.place) and self.retained.keeps(snapshot.place):
            self.retained.keep(snapshot)

    # ----------------------------------------------------------------------------------------------------

    def _forget(self, edge: str, reason: str) -> None:
        """End the connection that an edge had before this one, whose end did not come to be known."""
        for link in [one for one in self._links if edge and one.edge == edge]:
            del self._links[link]
            link.cut(reason)
            self._left(edge)

    def _left(self, edge: str) -> None:
        """Take an edge for gone, and tell the others at once of what it leaves to them."""
        if edge:
            self.handlers.left(edge)
            for link in self._links:
                link.beat_at = -math.inf
            self.grown.unpark_all()

    def _free_name(self, name: str) -> str:
        taken, found, number = set(self._links.values()), name, 1
        while found in taken:
            number += 1
            found = f"{name} ({number})"
        return found

    def _owed(self, link: FollowerLink) -> int:
        retained = self.retained
        return retained.owed(link.place) if retained.keeps(link.place) else retained.held_bytes

    def _stalls(self, link: FollowerLink) -> float:
        """Seconds until it counts as one that takes nothing; not positive where it does."""
        waits = 0.0 if link.writing is None else trio.current_time() - link.writing
        return self._settings.stall_seconds - waits

    def _cut_stalled(self) -> None:
        """End the links of those who take nothing and cannot go on: they may begin anew once they wake up."""
        for link in self._links:
            if not self.retained.keeps(link.place) and self._stalls(link) <= 0:
                link.cut(f"it has taken nothing for {self._settings.stall_seconds:g} s")

    async def _room(self) -> None:
        """Wait until nobody is too far behind but those who take nothing."""
        while True:
            behind = [one for one in self._links if self._owed(one) > self._settings.window_bytes]
            patience = [left for one in behind if (left := self._stalls(one)) > 0]
            if not patience:
                return
            with trio.move_on_after(min(patience)):
                await self._taken.park()
