"""The URL settings of programs that speak to the exchange."""

from __future__ import annotations

from typing import Any, Final

from feed.dialects.multi_exchange_clients import ccxt
from feed.dialects.urls import TRUST, Client, Place

_CCXT_NOTE: Final = 'Keys go beside "urls", as "apiKey", "secret" and, for the passphrase, "password".'


def _ccxt_urls(place: Place) -> dict[str, Any]:
    """``urls`` of ccxt and ccxt.pro; what its test network has is told the same."""
    api = {"public": place.http, "private": place.http, "ws": place.ws}
    return dict.fromkeys(("api", "test"), api)


def _cryptofeed(place: Place) -> dict[str, str]:
    """Its requests; its streams speak another protocol of the exchange."""
    return {"api": place.http, "sandbox_api": place.http}


def _cryptofeed_paste(place: Place) -> str:
    return f"""from cryptofeed.exchanges import Coinbase

Coinbase.api = Coinbase.sandbox_api = "{place.http}"
"""


def _cryptofeed_notes(place: Place) -> tuple[str, ...]:
    streams = "Its streams speak Advanced Trade: feed urls cryptofeed coinbase has those."
    return (streams, f"{TRUST}SSL_CERT_FILE and REQUESTS_CA_BUNDLE.") if place.secure else (streams,)


CLIENTS: Final = {
    "ccxt": ccxt("coinbaseexchange", _ccxt_urls, _CCXT_NOTE),
    "cryptofeed": Client(
        title="cryptofeed, requests of its class Coinbase",
        release="2.4.1",
        settings=_cryptofeed,
        paste=_cryptofeed_paste,
        notes=_cryptofeed_notes,
    ),
}
"""By the name that the command line has for them."""
