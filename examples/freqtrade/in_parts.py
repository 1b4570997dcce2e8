"""
Shows freqtrade in live mode: a strategy whose orders are filled in parts.

Run: ``feed serve``, then ``feed urls freqtrade binance > urls.json``, and with both files
``freqtrade trade --config examples/freqtrade/config.json --config urls.json
--strategy-path examples/freqtrade --strategy InParts``. It waits for the first whole minute. On Kraken:
``feed urls freqtrade kraken``, and ``--config examples/freqtrade/kraken.json`` between the other two.
"""

from datetime import timedelta

from freqtrade.strategy import IStrategy

HELD = timedelta(seconds=5)
TIMES = 5  # as much as is offered at the best price


class InParts(IStrategy):
    """Buys more than is offered at the best price, at that price, and sells what it got a while later."""

    timeframe = "1m"
    minimal_roi = {}
    stoploss = -0.5
    startup_candle_count = 1
    process_only_new_candles = False

    def populate_indicators(self, dataframe, metadata):
        return dataframe

    def populate_entry_trend(self, dataframe, metadata):
        dataframe["enter_long"] = 1
        return dataframe

    def populate_exit_trend(self, dataframe, metadata):
        return dataframe

    def custom_stake_amount(self, pair, max_stake, **kwargs):
        price, size = self.dp.orderbook(pair, 1)["asks"][0]
        return min(max_stake / 3, price * size * TIMES)

    def custom_exit(self, pair, trade, current_time, **kwargs):
        return "held" if current_time - trade.open_date_utc > HELD else None
