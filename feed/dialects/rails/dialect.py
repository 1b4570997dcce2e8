"""
Rails: market data and orders over one connection, the same bytes for everybody who asks alike.

Source: "WebSocket API" of the Rails documentation (by Fungible); ``NOTES.md`` beside this file has the
reading of it, line by line.
"""

from __future__ import annotations

from feed.dialects.contract import Dialect, HandshakeRefusal, SessionContext, UpgradeRequest
from feed.dialects.rails import channels
from feed.dialects.rails.admission import AdmissionRefused, admit
from feed.dialects.rails.encode import LevelsEncoder, TradesEncoder, refusal
from feed.dialects.rails.private import AccountOrders, AccountTrades
from feed.dialects.rails.session import RailsSession
from feed.dialects.rails.statements import AccountBalances, AccountPositions
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class Rails(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = "rails"
    title = "Rails"
    path = "/rails"
    checksums = ("checksum",)
    root_query = "market"
    trades = True

    def session(self, opening: UpgradeRequest, context: SessionContext) -> RailsSession | HandshakeRefusal:
        """Open a session for the holder of a token, or refuse before the handshake."""
        try:
            return RailsSession(admit(opening, context), context)
        except AdmissionRefused as problem:
            return HandshakeRefusal(problem.status, refusal(problem.status, problem.message))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever kind the channel is."""
        del projections
        options = dict(topic.options)
        extensions = options.get("ext", "")
        seq = "seq" in extensions
        match topic.channel:
            case channels.ORDERS:
                return AccountOrders(instrument, int(options["account"]), seq=seq)
            case channels.TRADES:
                return AccountTrades(instrument, int(options["account"]), seq=seq)
            case channels.POSITIONS:
                return AccountPositions(instrument, int(options["account"]), seq=seq)
            case channels.BALANCES:
                return AccountBalances(instrument, int(options["account"]), seq=seq)
            case channels.PUBLIC_TRADES:
                return TradesEncoder(instrument, seq=seq)
        return LevelsEncoder(instrument, topic.instrument, market_state, seq=seq, crc="crc" in extensions)


DIALECT: Dialect = Rails()
