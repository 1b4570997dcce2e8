"""The messages of the WebSocket, declared for documents."""

from __future__ import annotations

from feed.dialects.asyncapi import Channel, messages
from feed.dialects.coinbase.streams import shapes
from feed.dialects.coinbase.streams.shapes import enveloped
from feed.model.instruments import Listing


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="feed",
            address="/ws",
            summary="Market data; each message but an error has its number in the connection.",
            query=None,
            from_client=messages(shapes.SubscribeRequest, shapes.UnsubscribeRequest),
            to_client=(
                enveloped("SubscriptionsMessage", "subscriptions", shapes.Subscriptions),
                enveloped("HeartbeatsMessage", "heartbeats", shapes.Heartbeat),
                enveloped("Level2Message", "l2_data", shapes.BookEvent),
                enveloped("MarketTradesMessage", "market_trades", shapes.TradesEvent),
                enveloped("CandlesMessage", "candles", shapes.CandlesEvent),
                enveloped("StatusMessage", "status", shapes.StatusEvent),
                enveloped("TickerMessage", "ticker", shapes.TickerEvent),
                enveloped("TickerBatchMessage", "ticker_batch", shapes.TickerEvent),
                enveloped("UserMessage", "user", shapes.UserEvent),
                *messages(shapes.ErrorMessage),
            ),
        ),
    )
