"""The terms of an order under the names of the second WebSocket API, as the account's side reads them."""

from __future__ import annotations

from typing import Final

from feed.dialects.kraken.account.drafts import Terms
from feed.dialects.kraken.private.parameters import Parameters, invalid
from feed.model.instruments import decimal_text

ORDER: Final = (
    *("order_type", "side", "order_qty", "cash_order_qty", "limit_price", "limit_price_type", "triggers"),
    *("time_in_force", "expire_time", "effective_time", "post_only", "reduce_only", "margin", "no_mpp"),
    *("fee_preference", "stp_type", "cl_ord_id", "order_userref", "display_qty", "conditional"),
    "sender_sub_id",
)
"""Of one order, but for its pair, and what a batch has once for all of them."""
WHOLE: Final = ("symbol", "validate", "deadline")
"""Of one order, or of a batch."""
TRIGGERS: Final = ("price", "price_type", "reference")
_SAID: Final = {
    "pair": "symbol",
    "type": "side",
    "ordertype": "order_type",
    "volume": "order_qty",
    "viqc": "cash_order_qty",
    "timeinforce": "time_in_force",
    "starttm": "effective_time",
    "expiretm": "expire_time",
    "userref": "order_userref",
    "stptype": "stp_type",
    "leverage": "margin",
    "trigger": "triggers.reference",
    "displayvol": "display_qty",
}
NS_DIGITS: Final = 9  # of a nanosecond, in seconds
FEES: Final = {"base": "fcib", "quote": "fciq"}


def order_terms(asked: Parameters) -> Terms:
    """
    Those of one order.

    Raises:
        Refused: One cannot be read, or asks for what orders here do not have.
    """
    for name in ("conditional", "sender_sub_id"):
        if name in asked:
            raise invalid(name)
    kind = asked.text("order_type")
    triggered = kind not in ("limit", "market")
    check_static(asked, "limit_price_type")
    sent = {
        "type": asked.text("side"),
        "ordertype": kind,
        "price2" if triggered else "price": asked.number("limit_price") or "",
        "timeinforce": asked.text("time_in_force", "gtc").upper(),
        "displayvol": asked.number("display_qty") or "",
        "leverage": "2" if asked.flag("margin") else "",
        "reduce_only": "true" if asked.flag("reduce_only") else "",
        "validate": "true" if asked.flag("validate") else "",
        "starttm": _seconds(asked.time("effective_time")),
        "expiretm": _seconds(asked.time("expire_time")),
    }
    sent |= {
        name: asked.text(said)
        for said, name in (("cl_ord_id", "cl_ord_id"), ("deadline", "deadline"))
        if said in asked
    }
    if "stp_type" in asked:
        sent["stptype"] = asked.text("stp_type").replace("_", "-")
    reference = asked.whole("order_userref")
    if reference is not None:
        sent["userref"] = str(reference)
    if triggered:
        sent |= _trigger(asked)
    elif "triggers" in asked:
        raise invalid("triggers")
    flags = [flag for name, flag in (("post_only", "post"), ("no_mpp", "nompp")) if asked.flag(name)]
    if "fee_preference" in asked:
        flags.append(FEES[asked.choice("fee_preference", tuple(FEES))])
    cost, volume = asked.number("cash_order_qty"), asked.number("order_qty")
    if cost is not None and volume is not None:
        raise invalid("cash_order_qty")
    if cost is not None:
        flags.append("viqc")
    sent |= {"volume": cost or volume or "", "oflags": ",".join(flags)}
    return Terms(sent, lambda name: said_of(name, triggered=triggered, in_quote=cost is not None))


def said_of(name: str, *, triggered: bool, in_quote: bool = False) -> str:
    """The name by which this API knows a term of REST."""
    if name == "volume" and in_quote:
        name = "viqc"
    if name == "price":
        return "triggers.price" if triggered else "limit_price"
    return "limit_price" if name == "price2" else _SAID.get(name, name)


def check_static(asked: Parameters, name: str) -> None:
    """Refuse a price that is to follow another one."""
    if asked.text(name, "static") != "static":
        raise invalid(name)


def _trigger(asked: Parameters) -> dict[str, str]:
    triggers = Parameters(asked.method, asked.object("triggers"), TRIGGERS)
    check_static(triggers, "price_type")
    return {"price": triggers.number("price") or "", "trigger": triggers.text("reference", "last")}


def _seconds(time: int | None) -> str:
    return "" if time is None else decimal_text(time, NS_DIGITS)
