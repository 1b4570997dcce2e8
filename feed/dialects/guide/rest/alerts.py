"""Alerts by request: made, listed and removed with a key."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import attrs
import msgspec

from feed.analytics.alerts import Alert, AlertSpec, Condition
from feed.dialects.access import Problem, Shape
from feed.dialects.guide.alerts import described, threshold_units, value_text
from feed.dialects.guide.channels import NAME
from feed.dialects.guide.rest.access import GROUP, KEY, PREFIX, owner
from feed.dialects.parameters import Parameter, all_of
from feed.dialects.rest import Call, Endpoint, RestContext
from feed.dialects.times import milliseconds
from feed.model.durations import NS_PER_SECOND
from feed.model.symbols import LONGEST_SYMBOL

_PATH: Final = PREFIX + "/alerts"
_ID: Final = Parameter(name="id", meaning="As the answer said when it was made.", most=32, example="al_1")

Symbol = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_SYMBOL)]
# More than nothing, in plain decimals.
Threshold = Annotated[str, msgspec.Meta(pattern=all_of(r"(?!0*\.?0*$)[0-9]{1,12}(\.[0-9]{1,8})?"))]
Seconds = Annotated[int, msgspec.Meta(ge=60, le=86_400)]


class AlertWanted(Shape, tag_field="condition"):
    """
    An alert to be made.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: From which on it is met, more than nothing, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
    """

    symbol: Symbol
    threshold: Threshold
    repeat: bool = False


class PriceAboveWanted(AlertWanted, tag="price_above"):
    """
    The price reaches the threshold from below.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: A price, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
    """


class PriceBelowWanted(AlertWanted, tag="price_below"):
    """
    The price reaches the threshold from above.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: A price, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
    """


class WindowWanted(AlertWanted):
    """
    An alert on what has happened in a window of market time.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: From which on it is met, more than nothing, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
        window: Its length in seconds.
    """

    window: Seconds = 300


class ChangeWanted(WindowWanted, tag="change"):
    """
    The price has changed, up or down, since the window began.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: Per cent, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
        window: Its length in seconds.
    """


class VolumeWanted(WindowWanted, tag="volume"):
    """
    So much was traded in the window.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: Of the base asset, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
        window: Its length in seconds.
    """


class VolatilityWanted(WindowWanted, tag="volatility"):
    """
    The highest price of the window is so much above the lowest.

    Attributes:
        symbol: Of an instrument, in any usual spelling.
        threshold: Per cent of the lowest, in plain decimals.
        repeat: Whether it fires again once it has not been met in between; if not, it fires once.
        window: Its length in seconds.
    """


Wanted = PriceAboveWanted | PriceBelowWanted | ChangeWanted | VolumeWanted | VolatilityWanted


class AlertShown(Shape, omit_defaults=True):
    """
    An alert, as its owner sees it.

    Attributes:
        id: Names it in requests and messages.
        symbol: Of its instrument.
        condition: What it waits for.
        threshold: From which on it is met, in plain decimals.
        repeat: Whether it fires more than once.
        created: Market time, milliseconds since the Unix epoch.
        fired: How often it has.
        window: Seconds; left out where there is none.
        last_ts: When it fired last, market time, milliseconds; left out before.
        last_seq: Number of the event that did it; left out before.
        last_value: What was reached then, in plain decimals; left out before.
    """

    id: str
    symbol: str
    condition: Literal["price_above", "price_below", "change", "volume", "volatility"]
    threshold: str
    repeat: bool
    created: int
    fired: int
    window: int | None = None
    last_ts: int | None = None
    last_seq: int | None = None
    last_value: str | None = None


def create(context: RestContext, call: Call) -> AlertShown:
    """Make one; the next trade is the first that it sees."""
    wanted = call.body
    assert isinstance(wanted, AlertWanted)  # noqa: S101 - as declared
    index, instrument = context.instrument(wanted.symbol)
    condition = Condition(wanted.__struct_config__.tag)
    window = wanted.window * NS_PER_SECOND if isinstance(wanted, WindowWanted) else 0
    spec = AlertSpec(
        instrument=index,
        condition=condition,
        # A threshold below the smallest price is met by that.
        threshold=max(1, threshold_units(condition, wanted.threshold, instrument)),
        window=window,
        repeat=wanted.repeat,
    )
    try:
        alert = context.alerts.add(NAME, owner(call), spec)
    except OverflowError as problem:
        raise Problem(409, "limit_reached", str(problem)) from None
    return _shown(context, alert)


def listed(context: RestContext, call: Call) -> list[AlertShown]:
    """Those of the key, oldest first."""
    return [_shown(context, alert) for alert in context.alerts.of(NAME, owner(call))]


def remove(context: RestContext, call: Call) -> list[AlertShown]:
    """Those that are left, oldest first."""
    if not context.alerts.remove(NAME, owner(call), call.text("id")):
        raise Problem(404, "not_found", "There is no alert of this id")
    return listed(context, call)


def _shown(context: RestContext, alert: Alert) -> AlertShown:
    instrument, last = context.listing[alert.spec.instrument], alert.last
    facts: dict[str, Any] = described(alert.spec, instrument)
    if last is not None:
        facts |= {
            "last_ts": milliseconds(last.ts),
            "last_seq": last.seq,
            "last_value": value_text(alert.spec.condition, last.value, instrument),
        }
    return AlertShown(
        id=alert.name,
        symbol=instrument.symbol,
        repeat=alert.spec.repeat,
        created=milliseconds(alert.created),
        fired=alert.count,
        **facts,
    )


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    shared = Endpoint(
        path=_PATH,
        summary="The alerts of the key",
        handle=listed,
        access=KEY,
        returns=list[AlertShown],
        guarded=True,
        changes=True,
        group=GROUP,
    )
    return (
        shared,
        attrs.evolve(
            shared,
            method="POST",
            summary="Make an alert; what fires is told on alerts_<symbol> and alerts, and by webhooks",
            handle=create,
            body=Wanted,
            returns=AlertShown,
            refusals={404: "No such symbol.", 409: "There are too many already."},
        ),
        attrs.evolve(
            shared,
            method="DELETE",
            summary="Remove an alert",
            handle=remove,
            parameters=(_ID,),
            refusals={404: "Nothing of this id was made with this key."},
        ),
    )
