"""Alerts as they are recorded."""

from __future__ import annotations

from typing import Any

import attrs

from feed.analytics.alerts import Alert, AlertSpec, Condition


def alert_data(alert: Alert, price: int | None) -> dict[str, Any]:
    """
    A new alert, in types that JSON has.

    Args:
        alert: It has seen nothing yet.
        price: Of the last trade before it, ticks; None before the first.
    """
    return {
        "dialect": alert.dialect,
        "owner": alert.owner,
        "name": alert.name,
        "created": alert.created,
        "price": price,
        "seq": alert.after,
        "rest": alert.rest,
        "spec": attrs.asdict(alert.spec, value_serializer=lambda _, __, it: getattr(it, "value", it)),
    }


def alert_of(data: dict[str, Any]) -> Alert:
    """The alert that :func:`alert_data` was given."""
    spec = {**data["spec"], "condition": Condition(data["spec"]["condition"])}
    return Alert(
        data["name"],
        data["dialect"],
        data["owner"],
        AlertSpec(**spec),
        created=data["created"],
        price=data["price"],
        after=data["seq"],
        rest=data["rest"],
    )
