"""
Alerts in the guide's words: definitions, listings, and the message that some have fired.

Prices and volumes are strings with all digits of the instrument; changes and volatility are per cent, with
four decimals.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final, cast

from feed.analytics.alerts import PPM, AlertBook, AlertSpec, Condition, FiredAlert
from feed.dialects.guide.encode import head, told
from feed.dialects.messages import message
from feed.dialects.times import milliseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.events import TRADE, Event, Trade
from feed.model.instruments import Instrument, decimal_text
from feed.state.encoder import Encoder

_ONE: Final = Decimal(100) / PPM  # of a millionth, per cent
_PERCENT_DECIMALS: Final = 4


def threshold_units(condition: Condition, text: str, instrument: Instrument) -> int:
    """
    A threshold in the units of the market, rounded such that it is met neither sooner nor later than said.

    Args:
        condition: What it is of.
        text: A decimal number.
        instrument: Whose prices and volumes.
    """
    step = {
        Condition.PRICE_ABOVE: instrument.tick_size,
        Condition.PRICE_BELOW: instrument.tick_size,
        Condition.VOLUME: instrument.lot_size,
    }.get(condition, _ONE)
    rounding = ROUND_FLOOR if condition is Condition.PRICE_BELOW else ROUND_CEILING
    return int((Decimal(text) / step).to_integral_value(rounding))


def value_text(condition: Condition, value: int, instrument: Instrument) -> str:
    """A threshold, or what was reached, as clients are shown it."""
    if condition in (Condition.PRICE_ABOVE, Condition.PRICE_BELOW):
        return instrument.price_text(value)
    if condition is Condition.VOLUME:
        return instrument.size_text(value)
    return decimal_text(value, _PERCENT_DECIMALS)


def described(spec: AlertSpec, instrument: Instrument) -> dict[str, object]:
    """What an alert waits for."""
    threshold = value_text(spec.condition, spec.threshold, instrument)
    window = {"window": spec.window // NS_PER_SECOND} if spec.window else {}
    return {"condition": spec.condition.value, "threshold": threshold, **window}


class AlertsEncoder(Encoder):
    """
    The alerts of one key that the trades of one instrument fire: one message for each trade that fires any.

    There is no snapshot: an alert told twice would be acted on twice.
    """

    kinds: Sequence[int] = (TRADE,)

    def __init__(
        self, instrument: Instrument, channel: str, key: str, alerts: AlertBook, *, pos: bool = False
    ) -> None:
        """
        Tell the owner of a key.

        Args:
            instrument: Whose trades.
            channel: Kind of the topic.
            key: Name of the key.
            alerts: Knows what has fired.
            pos: Whether to tell positions, a connection option of ours.
        """
        self._head = head("alert", channel, instrument)
        self._instrument = instrument
        self._key = key
        self._alerts = alerts
        self._pos = pos

    def encode(self, item: Event) -> str | None:
        """What has fired at a trade; None when nothing has."""
        trade = cast("Trade", item)
        fired = self._alerts.fired(self._key, trade.instrument, trade.seq)
        if not fired:
            return None
        price = self._instrument.price_text(trade.price)
        shown = ",".join(self._shown(one) for one in fired)
        return (
            f'{self._head}"price":"{price}","alerts":[{shown}],"ts":{milliseconds(trade.ts)}'
            f"{told(trade, pos=self._pos)}}}"
        )

    def _shown(self, fired: FiredAlert) -> str:
        value = value_text(fired.spec.condition, fired.value, self._instrument)
        return message(id=fired.name, **described(fired.spec, self._instrument), value=value)
