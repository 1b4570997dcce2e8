"""Bounds on alerts that clients define."""

from __future__ import annotations

import attrs
from attrs.validators import ge


@attrs.frozen(kw_only=True)
class Alerts:
    """
    Alerts that clients define, on prices, changes, volumes and volatility.

    Attributes:
        per_key: Alerts of one key, those that have fired included; past it HTTP 409.
        most: Alerts of all keys; past it HTTP 409.
        rest_seconds: Market time between two times that one alert fires, at least.
        kept: Events at which alerts of one key have fired that are kept for clients that resume.
    """

    per_key: int = attrs.field(default=20, validator=ge(1))
    most: int = attrs.field(default=2000, validator=ge(1))
    rest_seconds: float = attrs.field(default=60.0, validator=ge(0))
    kept: int = attrs.field(default=1000, validator=ge(1))
