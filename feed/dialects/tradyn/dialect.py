"""
Tradyn's tick server: one JSON object a message, authenticate within thirty seconds, bid and ask.

Source: "WebSocket API, Real-Time WebSocket Streaming" of the Tradyn documentation; ``NOTES.md``
beside this file has the reading of it, line by line.
"""

from __future__ import annotations

from feed.dialects.contract import Dialect, HandshakeRefusal, SessionContext, UpgradeRequest
from feed.dialects.options import options, thinned
from feed.dialects.tradyn.encode import TickEncoder, error
from feed.dialects.tradyn.private import CHANNELS, AccountEvents
from feed.dialects.tradyn.session import TradynSession
from feed.errors import ProtocolError
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class Tradyn(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = "tradyn"
    title = "Tradyn tick server"
    path = "/tradyn"
    root_query = ""

    def session(self, opening: UpgradeRequest, context: SessionContext) -> TradynSession | HandshakeRefusal:
        """Open a session. Keys come in a message; only a bad connection option is refused."""
        try:
            return TradynSession(context, options(opening.query))
        except ProtocolError as problem:
            return HandshakeRefusal(400, error(problem.message))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of ticks, or of what happens to an account."""
        del projections
        wanted = dict(topic.options)
        if topic.channel in CHANNELS:
            return AccountEvents(topic.channel, instrument, int(wanted["account"]), seq="ext" in wanted)
        seq, chained = "ext" in wanted, "ext" in wanted and "conflate" not in wanted
        ticks = TickEncoder(instrument, market_state.quote(topic.instrument), seq=seq, chained=chained)
        return thinned(ticks, topic, market_state)


DIALECT: Dialect = Tradyn()
