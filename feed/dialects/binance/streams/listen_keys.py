"""
A connection of streams as an older revision has it: one of them may be an account's, by its listen key.

Source: "User Data Streams", as they were before 2026-02-20.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from feed.dialects import contract
from feed.dialects.binance.account.user_data import UserStream
from feed.dialects.binance.streams.session import COMBINED, StreamSession, named
from feed.dialects.binance.symbols import symbols
from feed.dialects.binance.views import time_unit
from feed.dialects.contract import Action, Reply, SessionContext, UpgradeRequest
from feed.model.topics import Topic

CHECK_SECONDS: Final = 1.0
"""How often it is looked whether a listen key is still good."""


class ListenKeySession(StreamSession):
    """Market streams, and those of accounts whose listen keys the URL names, until these end."""

    def __init__(self, context: SessionContext, opening: UpgradeRequest) -> None:
        """
        Begin with what the URL names.

        Raises:
            BinanceError: It asks for a unit of time that there is not.
        """
        super().__init__(context, opening)
        unit = time_unit(opening.query.get("timeUnit", ""))
        combined = opening.path.startswith(COMBINED)
        self._now = context.monotonic
        self._until = self._now() + self.beat_seconds
        self.beat_seconds = CHECK_SECONDS
        self._accounts: dict[str, UserStream] = {}
        for name in named(opening):
            grant = context.check_stream_key(name)
            if grant is not None:
                self._accounts[name] = UserStream(
                    account=grant.account, stream=name if combined else "", unit=unit
                )

    def open(self) -> Sequence[Action]:
        """Listen to what the URL names."""
        topics = [topic for stream in self._accounts.values() for topic in self._topics_of(stream)]
        return [*super().open(), *([contract.Subscribe(tuple(topics))] if topics else [])]

    def on_timer(self) -> Sequence[Action]:
        """A listen key may be good no more, and the end of the connection may be near."""
        actions: list[Action] = []
        for key in [one for one in self._accounts if self._context.check_stream_key(one) is None]:
            stream = self._accounts.pop(key)
            actions.append(contract.Unsubscribe(self._topics_of(stream)))
            now = stream.unit.of(self._context.now())
            actions.append(Reply(stream.message({"e": "listenKeyExpired", "E": now, "listenKey": key})))
        if self._now() >= self._until:
            actions += super().on_timer()
            self._until = self._now() + self.beat_seconds
            self.beat_seconds = CHECK_SECONDS
        return actions

    def _topics_of(self, stream: UserStream) -> tuple[Topic, ...]:
        return stream.topics(symbol.index for symbol in symbols(self._context.listing))
