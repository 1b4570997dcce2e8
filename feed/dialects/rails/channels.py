"""The four streams of the document, two of ours, and the topics that they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from feed.dialects.messages import unknown
from feed.dialects.options import Options
from feed.errors import ProtocolError
from feed.model.topics import Topic

ORDERS: Final = "orders"
TRADES: Final = "trades"
PUBLIC_TRADES: Final = "publicTrades"
PUBLIC_BOOK: Final = "publicOrderBook"
POSITIONS: Final = "positions"
BALANCES: Final = "balances"
STREAMS: Final = (ORDERS, TRADES, PUBLIC_TRADES, PUBLIC_BOOK, POSITIONS, BALANCES)
# Of the account: not of whoever else listens, and these of every market.
PRIVATE: Final = (ORDERS, TRADES, POSITIONS, BALANCES)
OF_ALL_MARKETS: Final = (TRADES, POSITIONS, BALANCES)
DEFAULT: Final = (ORDERS,)


def checked(names: Iterable[str]) -> tuple[str, ...]:
    """
    Each stream of ``names`` once.

    Raises:
        ProtocolError: One of them is no stream.
    """
    wanted = tuple(dict.fromkeys(names))
    strange = [name for name in wanted if name not in STREAMS]
    if strange:
        raise ProtocolError(unknown("subscription(s)", strange))
    return wanted


def topics(
    streams: Iterable[str],
    *,
    account: int,
    markets: Sequence[int],
    everywhere: Sequence[int],
    options: Options,
) -> tuple[Topic, ...]:
    """
    The topics of a connection.

    Args:
        streams: Of the six.
        account: Whose orders and trades. It comes from the token and never from a message: that is
            what keeps accounts apart.
        markets: Indexes of the instruments that the connection is for.
        everywhere: Indexes of all instruments: what an account has done is told whatever the market.
        options: Connection options.
    """
    own = (("account", str(account)),)
    found: list[Topic] = []
    for stream in streams:
        if stream in PRIVATE:
            pairs = own + options.unchecked.pairs
        else:
            pairs = (options.unthinned if stream == PUBLIC_BOOK else options.unchecked).pairs
        places = everywhere if stream in OF_ALL_MARKETS else markets
        found += [Topic("rails", stream, at, pairs) for at in places]
    return tuple(found)
