"""Parameters that several questions have, for the documents."""

from __future__ import annotations

from typing import Final

from feed.dialects.coinbase_exchange.products import products
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing


def product_parameter(listing: Listing) -> Parameter:
    """Which product, in the path."""
    return Parameter(
        name="product_id",
        meaning="Id of a product.",
        most=None,
        in_path=True,
        example=next((product.id for product in products(listing)), None),
    )


def text_parameter(name: str, meaning: str) -> Parameter:
    """One that may be left out."""
    return Parameter(name=name, meaning=meaning, most=None, optional=True)


def limit_parameter(default: int, most: int) -> Parameter:
    """How many rows; more than the most is taken for the most."""
    return Parameter(name="limit", meaning=f"Rows, at most {most}.", default=default, least=1, most=None)


BEFORE: Final = text_parameter("before", "Newer than the row of this cursor.")
AFTER: Final = text_parameter("after", "Older than the row of this cursor.")
