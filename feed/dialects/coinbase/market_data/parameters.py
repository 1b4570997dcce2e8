"""Parameters that several questions have, for the documents."""

from __future__ import annotations

from feed.dialects.coinbase.products import products
from feed.dialects.parameters import Parameter
from feed.model.instruments import Listing


def example_product(listing: Listing) -> str | None:
    """An id for the documents; None where nothing is traded."""
    known = products(listing)
    return "BTC-USD" if known.named("BTC-USD") else next((product.id for product in known), None)


def product_parameter(listing: Listing, *, in_path: bool = False) -> Parameter:
    """Which product."""
    return Parameter(
        name="product_id",
        meaning="A product, such as BTC-USD.",
        most=None,
        in_path=in_path,
        example=example_product(listing),
    )


def products_parameter(listing: Listing) -> Parameter:
    """Which products."""
    return text_parameter(
        "product_ids",
        "Products, the parameter repeated for each; all where none is named.",
        example=example_product(listing),
    )


def text_parameter(
    name: str, meaning: str, *, choices: tuple[str, ...] = (), example: str | None = None
) -> Parameter:
    """One that may be left out."""
    return Parameter(name=name, meaning=meaning, most=None, optional=True, choices=choices, example=example)


def count_parameter(meaning: str, default: int, most: int) -> Parameter:
    """How many rows; more than the most is taken for the most."""
    return Parameter(name="limit", meaning=f"{meaning}, at most {most}.", default=default, least=0, most=None)
