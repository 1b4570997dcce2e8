"""A house for sessions: a small market, a few keys, and what each dialect shows of itself."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from feed.dialects.contract import Desk, Reply
from feed.dialects.discovery import dialects
from feed.model.events import QUOTE
from feed.model.grants import Grant, Scope
from feed.model.instruments import Instrument, Listing

HERE = Path(__file__).parent

LISTING = Listing(
    [
        Instrument(
            symbol="EURUSD", base="EUR", quote="USD", price_decimals=5, size_decimals=0, asset_class="fx"
        ),
        Instrument(
            symbol="GBPUSD", base="GBP", quote="USD", price_decimals=5, size_decimals=0, asset_class="fx"
        ),
        Instrument(
            symbol="XAUUSD", base="XAU", quote="USD", price_decimals=2, size_decimals=2, asset_class="metal"
        ),
        Instrument(symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, size_decimals=8),
    ]
)

GRANTS = {
    "good key": Grant(name="good", scopes=(Scope.READ,)),
    "trade key": Grant(name="trader", scopes=(Scope.TRADE,)),
}

DESK = Desk(listing=LISTING, check_key=GRANTS.get, auth_seconds=30.0, auth_attempts=5, kept=lambda: (1, 0))


def sample(name):
    """
    ``tests/dialects/<name>/sample.py``: what the contract tests need to know of a dialect.

    ``OPENING`` of a connection that is let in, ``AUTHENTICATE`` messages that end the auth window
    with ``good key``, and one message, ``SUBSCRIBE``, that asks for topics of several instruments.
    """
    path = HERE / name / "sample.py"
    spec = importlib.util.spec_from_file_location(f"sample_of_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def texts(actions):
    """The messages among ``actions``."""
    return [action.text for action in actions if isinstance(action, Reply)]


def quote(instrument, bid, ask, *, ts=1_709_742_000_000_000_000, size=1):
    """A quote as a row; a price of 0 is a missing side."""
    return (QUOTE, instrument, ts, bid, size if bid else 0, ask, size if ask else 0)


@pytest.fixture(scope="session")
def house():
    """Everything above under one name."""
    return SimpleNamespace(
        listing=LISTING, desk=DESK, sample=sample, texts=texts, quote=quote, dialects=dialects, here=HERE
    )
