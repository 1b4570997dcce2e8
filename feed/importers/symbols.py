"""From the names of exchanges to canonical symbols."""

from __future__ import annotations

import re

import attrs

METALS = frozenset({"XAU", "XAG", "XPT", "XPD"})
_CURRENCIES = frozenset(
    {
        *("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "CAD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF"),
        *("TRY", "ZAR", "MXN", "BRL", "CNH", "CNY", "HKD", "SGD", "INR", "KRW", "THB", "ILS", "RUB"),
    }
)

# Assets that others are priced in, longest first so that BTCFDUSD is not BTCFD in USD.
_QUOTES = (
    *("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USDE", "BIDR", "IDRT"),
    *("USD", "EUR", "GBP", "TRY", "BRL", "AUD", "JPY", "RUB", "UAH", "NGN", "ZAR", "PLN", "ARS"),
    *("DAI", "VAI", "BTC", "ETH", "BNB", "TRX", "XRP", "DOT", "DOGE", "SOL", "PAX"),
)

# Assets whose last letter the rule above would give to the quote: BNBUSD is not BN in BUSD.
_NOT_SHORTER = frozenset(
    {
        *("ANT", "APT", "ARB", "BAT", "BNB", "DENT", "DGB", "DOT", "FTT", "GRT", "HNT", "HOT"),
        *("LIT", "LPT", "ONT", "OXT", "QNT", "SHIB", "SNT", "STPT", "USDT", "VET"),
    }
)


@attrs.frozen
class Symbol:
    """Canonical name of an instrument, and what is bought and paid with in it."""

    name: str
    base: str
    quote: str
    asset_class: str = "crypto"


def crypto(name: str) -> Symbol:
    """``BTC-USD``, ``BTC/USD``, ``BTC_USD`` and ``BTCUSD`` are all BTC-USD; others keep their name."""
    parts = re.split(r"[-/_]", name)
    if len(parts) == 2 and all(parts):
        return Symbol("-".join(parts), *parts)
    for quote in _QUOTES:
        base = name.removesuffix(quote)
        if base and base != name and base + quote[0] not in _NOT_SHORTER:
            return Symbol(f"{base}-{quote}", base, quote)
    return Symbol(name, name, "")


def verbatim(name: str) -> Symbol:
    """The exchange's own name, unchanged; base and quote as far as they can be told."""
    guess = crypto(name)
    return Symbol(name, guess.base, guess.quote)


def currencies(name: str) -> Symbol:
    """``EUR/USD``, ``EUR-USD`` and ``EURUSD`` are all EURUSD."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    base, quote = plain[:3], plain[3:]
    return Symbol(plain, base, quote, "metal" if base in METALS else "fx")


def listed(name: str) -> Symbol:
    """A pair of currencies or metals, or else as for :func:`crypto`."""
    pair = currencies(name)
    known = METALS | _CURRENCIES
    return pair if len(pair.name) == 6 and pair.base in known and pair.quote in known else crypto(name)


def share(name: str) -> Symbol:
    """A share priced in US dollars."""
    return Symbol(name, name, "USD", "equity")
