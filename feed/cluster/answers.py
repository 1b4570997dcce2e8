"""Waits for the answers to requests by HTTP that were sent to where the market is."""

from __future__ import annotations

import trio

from feed.cluster.block import Place
from feed.cluster.messages import Answer
from feed.server.http.forwarding import ForwardedAnswer


class Answers:
    """Those who wait, by the numbers of their requests; whoever waits bounds how long."""

    def __init__(self) -> None:
        self._waiting: dict[int, trio.MemorySendChannel[Answer]] = {}

    async def wait(self, number: int) -> tuple[ForwardedAnswer, Place]:
        """The answer to a request, and the place that its reader must have come to."""
        self._waiting[number], answers = trio.open_memory_channel[Answer](1)
        try:
            answer = await answers.receive()
        finally:
            self._waiting.pop(number, None)
        return answer.answer, answer.place

    def give(self, answer: Answer) -> None:
        """Hand an answer to whoever still waits for it; one may come twice."""
        if (waiting := self._waiting.pop(answer.number, None)) is not None:
            waiting.send_nowait(answer)
