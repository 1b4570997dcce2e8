"""From the names that exchanges give instruments to canonical symbols."""

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

# Quote assets, longest first so that BTCFDUSD is not split into BTCFD and USD.
_QUOTES = (
    *("FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USDP", "USDE", "BIDR", "IDRT"),
    *("USD", "EUR", "GBP", "TRY", "BRL", "AUD", "JPY", "RUB", "UAH", "NGN", "ZAR", "PLN", "ARS"),
    *("DAI", "VAI", "BTC", "ETH", "BNB", "TRX", "XRP", "DOT", "DOGE", "SOL", "PAX"),
)

# Base assets whose last letter the rule above would take for the quote's first: BNBUSD is not BN and BUSD.
_NOT_SHORTER = frozenset(
    {
        *("ANT", "APT", "ARB", "BAT", "BNB", "DENT", "DGB", "DOT", "FTT", "GRT", "HNT", "HOT"),
        *("LIT", "LPT", "ONT", "OXT", "QNT", "SHIB", "SNT", "STPT", "USDT", "VET"),
    }
)

# The month's letter and the year at the end of a future's name, as of XRPU21.
_EXPIRY = re.compile(r"(?<=[A-Z])[FGHJKMNQUVXZ]\d\d$")


@attrs.frozen
class Symbol:
    """Canonical name of an instrument, its base and quote asset, and its asset class."""

    name: str
    base: str
    quote: str
    asset_class: str = "crypto"


def crypto_symbol(name: str) -> Symbol:
    """``BTC-USD``, ``BTC/USD``, ``BTC_USD`` and ``BTCUSD`` become BTC-USD; other names stay as they are."""
    parts = re.split(r"[-/_]", name)
    if len(parts) == 2 and all(parts):
        return Symbol("-".join(parts), *parts)
    for quote in _QUOTES:
        base = name.removesuffix(quote)
        if base and base != name and base + quote[0] not in _NOT_SHORTER:
            return Symbol(f"{base}-{quote}", base, quote)
    return Symbol(name, name, "")


def contract_symbol(name: str, quote: str) -> Symbol:
    """
    A derivative by its exchange's name, such as BTCUSD, BTCUSDU21, BTC-25MAR22 or BTC_USDC-PERPETUAL.

    A name that is only a pair becomes that of the pair, as :func:`crypto_symbol`; others stay, and have the
    base and the quote of the pair they begin with.

    Args:
        name: The exchange's name.
        quote: The quote asset of contracts whose name has none.
    """
    head, dash, _ = name.partition("-")
    root = head if dash else _EXPIRY.sub("", head)
    pair = crypto_symbol(root)
    if root == name and pair.quote:
        return pair
    return Symbol(name, pair.base, pair.quote or quote)


def exact_symbol(name: str) -> Symbol:
    """The exchange's own name, unchanged; base and quote as far as they can be derived from it."""
    guess = crypto_symbol(name)
    return Symbol(name, guess.base, guess.quote)


def fx_symbol(name: str) -> Symbol:
    """``EUR/USD``, ``EUR-USD`` and ``EURUSD`` become EURUSD: a currency pair, or a metal."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    base, quote = plain[:3], plain[3:]
    return Symbol(plain, base, quote, "metal" if base in METALS else "fx")


def fx_or_crypto_symbol(name: str) -> Symbol:
    """As :func:`fx_symbol` for a pair of known currencies or metals, else as :func:`crypto_symbol`."""
    pair = fx_symbol(name)
    known = METALS | _CURRENCIES
    return pair if len(pair.name) == 6 and pair.base in known and pair.quote in known else crypto_symbol(name)


def share_symbol(name: str) -> Symbol:
    """A share (equity) priced in US dollars."""
    return Symbol(name, name, "USD", "equity")
