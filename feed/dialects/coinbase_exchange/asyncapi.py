"""The messages of the WebSocket feed, declared for documents."""

from __future__ import annotations

from feed.dialects.asyncapi import Channel, messages
from feed.dialects.coinbase_exchange.streams import shapes
from feed.model.instruments import Listing


def channels(listing: Listing) -> tuple[Channel, ...]:
    """One: everything is said on one path."""
    del listing
    return (
        Channel(
            name="feed",
            address="/",
            summary="Market data for anybody, and orders for whoever shows a key.",
            query=None,
            from_client=messages(shapes.SubscribeRequest, shapes.UnsubscribeRequest),
            to_client=messages(
                *(shapes.Subscriptions, shapes.Heartbeat, shapes.Ticker, shapes.StatusMessage),
                shapes.AuctionMessage,
                *(shapes.Snapshot, shapes.Level2Update, shapes.LastMatch, shapes.Match),
                *(shapes.Received, shapes.Open, shapes.Changed, shapes.Done, shapes.Activate),
                shapes.ErrorMessage,
            ),
        ),
    )
