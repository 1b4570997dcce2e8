"""Which encoder is whose, of the private channels."""

from __future__ import annotations

from collections.abc import Sequence

from feed.dialects.kraken.names import NAME, Pair
from feed.dialects.kraken.private.balances import BalancesEncoder
from feed.dialects.kraken.private.executions import ExecutionsEncoder, ExecutionWriter, messages
from feed.dialects.kraken.private.topics import BALANCES, PrivateTopic
from feed.model.instruments import Instrument
from feed.model.topics import Topic
from feed.model.wallets import Wallet, Wallets
from feed.state.encoder import Encoder
from feed.state.projections import Projections


def private_encoder(topic: Topic, instrument: Instrument, projections: Projections | None) -> Encoder:
    """
    What tells an account of one pair.

    Args:
        topic: See :class:`~feed.dialects.kraken.private.topics.PrivateTopic`.
        instrument: That of the topic.
        projections: Know what the account holds.

    Raises:
        ValueError: There are no projections: nobody can resume this channel.
    """
    if projections is None:
        raise ValueError("what an account was told is not told again")
    wallets, account = projections.wallets, PrivateTopic.of(topic).account
    pair = Pair.of(topic.instrument, instrument)
    if topic.channel == BALANCES:
        return BalancesEncoder(
            pair, topic, wallets, lambda: sum(one.traded for one in _of(wallets, account, instrument)) + 1
        )
    return ExecutionsEncoder(
        topic,
        ExecutionWriter(pair, wallets),
        lambda: sum(messages(one) for one in _of(wallets, account, instrument)) + 1,
    )


def _of(wallets: Wallets, account: int, instrument: Instrument) -> Sequence[Wallet]:
    """What the account holds at the exchange's venue, or at all where the market has none of that name."""
    venues = (NAME,) if instrument.venue == NAME else tuple(wallets.units.decimals)
    return [wallets.find(account, venue) for venue in venues]
