"""What a session decides, done: replies, subscriptions, requests that act in the market."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

import structlog

from feed.dialects.contract import Action, Close, Reply, Submit, Subscribe, Unsubscribe
from feed.faults.contract import Target
from feed.model.events import Row
from feed.server import close_reason
from feed.server.close_reason import CloseReason
from feed.server.private_events import private_events
from feed.server.registry import ConnectionRegistry
from feed.server.turns import ScheduledConnection
from feed.stream.source import Executed, unheard

log = structlog.get_logger("feed.connection")


class EndingConnection(Target, Protocol):
    """A connection whose session decides."""

    @property
    def ending(self) -> bool:
        """Whether there is a reason already why it ends."""

    def end(self, why: CloseReason) -> None:
        """End it; the first reason given is the one that counts."""


class SessionActions:
    """
    Does what the session of one connection decides.

    Args:
        connection: Whose.
        registry: What it shares with the others.
        member: Pays for the work.
    """

    def __init__(
        self, connection: EndingConnection, registry: ConnectionRegistry, member: ScheduledConnection
    ) -> None:
        self._connection = connection
        self._registry = registry
        self._hub = registry.fanout.hub
        self._send_buffer = connection.send_buffer
        self._member = member

    def apply(self, decide: Callable[[], Sequence[Action]]) -> None:
        """Decide what to do, and do it: one piece of work, which this client pays for."""
        before = self._hub.work
        self._send_buffer.gather()  # the answers to one message leave in one write
        try:
            for action in decide():
                self._act(action)
        finally:
            self._send_buffer.release()
            self._member.charge(self._hub.work - before)

    def _act(self, action: Action) -> None:
        match action:
            case Reply(text):
                self._hub.send(self._send_buffer, text)
            case Subscribe(topics, since):
                self._registry.faults.met(self._connection)
                self._hub.subscribe(self._send_buffer, topics, since=None if since is None else since.seq)
            case Unsubscribe(topics):
                self._hub.unsubscribe(self._send_buffer, topics)
            case Submit():
                self._submit(action)
            case Close(code, reason):
                self._connection.end(CloseReason("closed by session", code, reason))

    def _submit(self, action: Submit) -> None:
        fanout = self._registry.fanout
        refuse = partial(self._hub.send, self._send_buffer, action.refused)
        executed: Executed = unheard
        if action.answer is not None:
            account, answer = action.request.account, action.answer

            def executed(rows: list[Row], seq: int) -> None:
                decide = partial(answer, private_events(rows, seq, account))
                fanout.when_published(seq, partial(self._answer_later, decide))

        if not self._registry.submit(action.request, partial(fanout.when_at_rest, refuse), executed):
            refuse()

    def _answer_later(self, decide: Callable[[], Sequence[Action]]) -> None:
        """Do what is to be done now that a request has acted; it is the publisher's task that calls."""
        if self._connection.ending:
            return
        try:
            self.apply(decide)
        except Exception:
            log.exception("bug in a session", dialect=self._connection.peer_info.dialect)
            self._connection.end(close_reason.BUG)
