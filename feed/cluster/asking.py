"""What an edge asks and says of itself, written to whichever connection to the sequencer there is."""

from __future__ import annotations

import msgspec
import trio

from feed.cluster.answers import Answers
from feed.cluster.block import Place
from feed.cluster.counts import Counts, changes, read
from feed.cluster.framing import frame
from feed.cluster.messages import Answer, Report
from feed.cluster.outbox import Outbox
from feed.cluster.ports import NotConnected
from feed.model.requests import Request
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall


class Asking:
    """
    What goes up over a link.

    Args:
        where: What is followed, for messages.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._stream: trio.abc.Stream | None = None
        self._outbox = Outbox()
        self._report: Report | None = None
        self._told: Counts = {}  # by this connection
        self._waits = trio.lowlevel.ParkingLot()
        self._answers = Answers()

    def report(self, report: Report) -> None:
        """See :class:`feed.cluster.ports.Link`."""
        self._report = report
        self._waits.unpark_all()

    def submit(self, request: Request) -> int | None:
        """See :class:`feed.cluster.ports.Link`."""
        number = None if self._stream is None else self._outbox.submit(request)
        self._waits.unpark_all()
        return number

    async def call(self, call: ForwardedCall) -> tuple[ForwardedAnswer, Place]:
        """See :class:`feed.cluster.ports.Link`."""
        number = None if self._stream is None else self._outbox.call(call)
        if number is None:
            raise NotConnected(f"not connected to {self._where}")
        self._waits.unpark_all()
        return await self._answers.wait(number)

    def begin(self, stream: trio.abc.Stream, taken: int, *, same: bool) -> None:
        """
        Write to a new connection.

        Args:
            stream: It.
            taken: Number of the last request that has come.
            same: Whether it is to the market that was asked.
        """
        if not same:
            self._outbox.clear()
        self._outbox.begin(taken)
        self._stream, self._told = stream, {}
        self._waits.unpark_all()

    def end(self) -> None:
        """Write nothing: there is no connection."""
        self._stream = None

    def taken(self, number: int) -> None:
        """Note that all requests up to a number have come."""
        self._outbox.taken(number)

    def answered(self, answer: Answer) -> None:
        """Hand an answer to whoever still waits for it."""
        self._answers.give(answer)

    async def run(self) -> None:
        """Send what is asked and reported, until cancelled."""
        while True:
            report, self._report = self._report, None
            stream = self._stream
            data = b"" if stream is None else self._outbox.next()
            if report is not None and stream is not None:
                data += frame(self._changed(report))
            if stream is None or not data:
                await self._waits.park()
                continue
            try:
                await stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                await trio.lowlevel.checkpoint()  # who reads finds out too, and connects again

    def _changed(self, report: Report) -> Report:
        """A report with those counts alone that are others than the last one had."""
        told, self._told = self._told, read(report.counts)
        return msgspec.structs.replace(report, counts=list(changes(told, self._told)))
