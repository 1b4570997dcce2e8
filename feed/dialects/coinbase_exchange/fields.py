"""The parameters of a request, read as the exchange reads them; what it does not know it passes over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from feed.dialects.coinbase_exchange.errors import bad, not_found
from feed.dialects.coinbase_exchange.products import Product, Products
from feed.dialects.parameters import Fields as Sent
from feed.model.durations import NS_PER_SECOND, epoch_ns

_NUMBER: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_SECONDS: Final = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,9}))?", re.ASCII)


class Fields:
    """
    The parameters of one request.

    Args:
        sent: Those of the query, decoded, in order. An empty value is none; of several the first counts.
        in_path: Parts of the path, by name.
    """

    def __init__(self, sent: Sent, in_path: Mapping[str, str | int] | None = None) -> None:
        self._sent: Final = sent
        self._values: Final = {
            **dict(reversed([one for one in sent if one[1]])),
            **{name: str(value) for name, value in (in_path or {}).items()},
        }

    def text(self, name: str) -> str | None:
        """A parameter as it was sent; None when it was not."""
        return self._values.get(name)

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may be sent more than once."""
        return [value for each, value in self._sent if each.removesuffix("[]") == name and value]

    def whole(self, name: str) -> int | None:
        """A whole number; None when it was not sent."""
        value = self.text(name)
        if value is None:
            return None
        if _NUMBER.fullmatch(value) is None:
            raise bad(f"Invalid {name}")
        return int(value)

    def limit(self, default: int, most: int) -> int:
        """How many rows; who asks for more than the most gets the most."""
        value = self.whole("limit")
        if value == 0:
            raise bad("Invalid limit")
        return min(default if value is None else value, most)

    def time(self, name: str) -> int | None:
        """
        A moment, nanoseconds since the Unix epoch; None when it was not sent.

        ISO 8601, in UTC where it does not say otherwise, or seconds since the Unix epoch.
        """
        value = self.text(name)
        if value is None:
            return None
        found = _SECONDS.fullmatch(value)
        if found is not None:
            return int(found[1]) * NS_PER_SECOND + int((found[2] or "").ljust(9, "0"))
        try:
            # A plus that was not encoded reads as a space.
            moment = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
            return epoch_ns(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        except (ValueError, OverflowError):
            raise bad(f"Invalid {name}") from None

    def product(self, known: Products) -> Product:
        """The product that the path names."""
        product = known.named(self.text("product_id") or "")
        if product is None:
            raise not_found()
        return product
