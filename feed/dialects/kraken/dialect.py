"""
Kraken Spot: REST 0, WebSocket 2 and 1, as the exchange's clients speak them.

Source: "Kraken API Center", https://docs.kraken.com/; ``NOTES.md`` beside this file has the reading of it.
"""

from __future__ import annotations

from feed.dialects.contract import Dialect, HandshakeRefusal, Session, SessionContext, UpgradeRequest
from feed.dialects.kraken.errors import UNKNOWN_METHOD, ErrorBody, text_of
from feed.dialects.kraken.limits import CallLimit
from feed.dialects.kraken.names import NAME
from feed.dialects.kraken.streams.encoders import stream_encoder
from feed.dialects.kraken.streams.session import PATH, StreamSession
from feed.dialects.kraken.version1.encoders import PREFIX, first_encoder
from feed.dialects.kraken.version1.session import PATH as FIRST_PATH
from feed.dialects.kraken.version1.session import FirstSession
from feed.model.elsewhere import NOWHERE, Elsewhere
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.policies import Policies
from feed.state.encoder import Encoder
from feed.state.market_state import MarketState
from feed.state.projections import Projections

__all__ = ["DIALECT"]


class Kraken(Dialect):
    """The dialect itself: no state, only what it is called and what it makes."""

    name = NAME
    title = "Kraken Spot"
    path = "/kraken"
    aliases = ("/kraken/v2", "/kraken/v1")
    prefixed = True
    trades = True
    disruptions = ("ban", "clock-skew", "maintenance")
    checksums = ("checksum", "c")  # of the second version, and of the first

    def session(self, opening: UpgradeRequest, context: SessionContext) -> Session | HandshakeRefusal:
        """Open a session of the second WebSocket API, also at the root, or of the first; none elsewhere."""
        if opening.path in (PATH, "/"):
            return StreamSession(context)
        if opening.path == FIRST_PATH:
            return FirstSession(context)
        return HandshakeRefusal(404, self.not_found("Nothing is served at this path"))

    def meter(self, policies: Policies, most: int, elsewhere: Elsewhere = NOWHERE) -> CallLimit:
        """What counts the private calls to one server."""
        del elsewhere  # private calls are all POST, and so are answered by one server
        return CallLimit(policies.kraken, most)

    def not_found(self, message: str) -> str:
        """In the style of the exchange's errors, which say no more."""
        del message
        return text_of(ErrorBody([UNKNOWN_METHOD]))

    def encoder(
        self,
        topic: Topic,
        instrument: Instrument,
        market_state: MarketState,
        projections: Projections | None = None,
    ) -> Encoder:
        """Of whichever channel the topic is."""
        if topic.channel.startswith(PREFIX):
            return first_encoder(topic, instrument, market_state, projections)
        return stream_encoder(topic, instrument, market_state, projections)


DIALECT: Dialect = Kraken()
