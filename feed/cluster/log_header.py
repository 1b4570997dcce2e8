"""What holds for the whole log of a market, for whoever follows it."""

from __future__ import annotations

from functools import cache
from typing import Final

import attrs
import msgspec

import feed
from feed.checkpoint.engine import source_digest
from feed.checkpoint.object_graph import dump, load
from feed.errors import ConfigError, FeedError
from feed.faults.contract import FaultPlan
from feed.model.instruments import Listing
from feed.policies import Policies
from feed.settings import Alerts, Deflate, Settings, Trading
from feed.sim.simulation import WHOLE, StopCondition

_ROOT: Final = "header"
_PACKED: Final = msgspec.msgpack.Decoder(tuple[str, bytes])


@attrs.frozen(kw_only=True)
class LogHeader:
    """
    What an edge takes from the sequencer and not from settings of its own, since its bytes depend on it.

    Attributes:
        history: Tells this run of the market from all others, 16 bytes.
        listing: The instruments.
        plan: What goes wrong on purpose.
        until: Where the market is ended, though it might go on.
        trading: Likewise for the rest: see :class:`feed.settings.Settings`.
        policies: Of the protocols.
        deflate: How messages are compressed.
        alerts: Bounds on alerts.
        rows: See :class:`feed.settings.Web`.
        most_rows: Likewise.
        history_seconds: See :class:`feed.settings.Flow`.
        history_bytes: Likewise.
    """

    history: bytes
    listing: Listing
    plan: FaultPlan
    until: StopCondition
    trading: Trading
    policies: Policies
    deflate: Deflate
    alerts: Alerts
    rows: int
    most_rows: int
    history_seconds: float
    history_bytes: int

    @classmethod
    def of(
        cls,
        settings: Settings,
        *,
        history: bytes,
        listing: Listing,
        plan: FaultPlan,
        until: StopCondition = WHOLE,
    ) -> LogHeader:
        """
        The header of a log.

        Args:
            settings: Of the sequencer.
            history: See the class; likewise the rest.
            listing: See there.
            plan: See there.
            until: See there.
        """
        return cls(
            history=history,
            listing=listing,
            plan=plan,
            until=until,
            trading=settings.trading,
            policies=settings.policies,
            deflate=settings.deflate,
            alerts=settings.alerts,
            rows=settings.web.rows,
            most_rows=settings.web.most_rows,
            history_seconds=settings.flow.history_seconds,
            history_bytes=settings.flow.history_bytes,
        )

    def applied_to(self, settings: Settings) -> Settings:
        """The settings of an edge, with those of the log in place of its own."""
        flow = attrs.evolve(
            settings.flow, history_seconds=self.history_seconds, history_bytes=self.history_bytes
        )
        return attrs.evolve(
            settings,
            trading=self.trading,
            policies=self.policies,
            deflate=self.deflate,
            alerts=self.alerts,
            web=attrs.evolve(settings.web, rows=self.rows, most_rows=self.most_rows),
            flow=flow,
        )


@cache
def release() -> str:
    """Which release of feed this is; another one may word the same events otherwise."""
    return f"{feed.__version__} {source_digest()}"


def write_header(header: LogHeader, *, release: str) -> bytes:
    """The bytes of a header, and which release wrote it."""
    return msgspec.msgpack.encode((release, dump({_ROOT: header})))


def read_header(data: bytes, *, release: str, where: str) -> LogHeader:
    """
    The header of such bytes.

    Args:
        data: From :func:`write_header`.
        release: Which one reads it.
        where: What is followed, for messages.
    Raises:
        ConfigError: Another release wrote it.
        FeedError: The bytes are damaged.
    """
    try:
        written_by, graph = _PACKED.decode(data)
    except msgspec.MsgspecError as error:
        raise FeedError(f"the header of a log is malformed: {error}") from None
    if written_by != release:
        raise ConfigError(
            f"another release serves there ({written_by})",
            where=where,
            hint=f"start the same as here ({release})",
        )
    found = load(graph)[_ROOT]
    if not isinstance(found, LogHeader):
        raise FeedError("the header of a log holds something else")
    return found
