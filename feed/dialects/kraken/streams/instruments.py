"""What is traded, and by which rules: all of it first, then what changes. Source: "Instruments"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from feed.dialects.kraken.market_data.general import COST_DECIMALS, COST_MINIMUM
from feed.dialects.kraken.names import Asset, Pair, Pairs
from feed.dialects.kraken.streams import topics
from feed.dialects.kraken.streams.encoder import PairEncoder
from feed.dialects.kraken.views import STATUS as STATUSES
from feed.dialects.messages import quoted
from feed.model.events import STATUS, Event
from feed.model.instruments import decimal_text
from feed.state.market_state import MarketState

_HEAD = f'{{"channel":"{topics.INSTRUMENT}","type":"'


class InstrumentEncoder(PairEncoder):
    """Changes of the status of one pair; the list of all is told by :func:`all_of`."""

    kinds: Sequence[int] = (STATUS,)

    def encode(self, item: Event) -> str:
        """The pair."""
        del item
        status = STATUSES[self._market_state.status(self._pair.index)]
        return f'{_HEAD}update","data":{{"assets":[],"pairs":[{_pair(self._pair, status)}]}}}}'


def all_of(pairs: Pairs, market_state: MarketState) -> str:
    """The message that tells of everything that is traded."""
    assets = {asset.symbol: asset for asset in pairs.assets}
    told = ",".join([_asset(assets[symbol]) for symbol in sorted(assets)])
    rules = ",".join([_pair(pair, STATUSES[market_state.status(pair.index)]) for pair in pairs])
    return f'{_HEAD}snapshot","data":{{"assets":[{told}],"pairs":[{rules}]}}}}'


def _asset(asset: Asset) -> str:
    return (
        f'{{"id":{quoted(asset.symbol)},"status":"enabled","precision":{asset.decimals},'
        f'"precision_display":{asset.display_decimals},"borrowable":false,"collateral_value":0.00}}'
    )


@lru_cache(maxsize=8192)  # they hardly ever change, and everybody is told all of them
def _pair(pair: Pair, status: str) -> str:
    it = pair.instrument
    tick, lot = decimal_text(it.tick, it.price_decimals), pair.size_text(1)
    return (
        f'{{"symbol":{quoted(pair.symbol)},"base":{quoted(pair.base.symbol)},"quote":{quoted(pair.quote.symbol)},'
        f'"status":"{status}","qty_precision":{it.size_decimals},"qty_increment":{lot},'
        f'"price_precision":{it.price_decimals},"cost_precision":{COST_DECIMALS},"marginable":false,'
        f'"has_index":false,"cost_min":{COST_MINIMUM},"tick_size":{tick},"price_increment":{tick},'
        f'"qty_min":{lot}}}'
    )
