"""Programs that speak the protocols of many exchanges: how each is told its URLs, whichever it speaks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from feed.dialects.urls import TRUST, Client, Place, Settings

Urls = Callable[[Place], dict[str, Any]]
"""Gives ``urls`` of ccxt: names, of which ``api`` is one, and what all of them stand for."""

_CCXT_TRUST: Final = (
    f'{TRUST}"cafile" for ccxt.pro and ccxt.async_support, '
    'REQUESTS_CA_BUNDLE and "requests_trust_env": True for ccxt.'
)


def ccxt(name: str, urls: Urls, note: str) -> Client:
    """
    Ccxt and ccxt.pro.

    Args:
        name: Of its class for the exchange.
        urls: See :data:`Urls`.
        note: What else must be known of it.
    """

    def paste(place: Place) -> str:
        told = urls(place)
        names = ", ".join(f'"{each}": api' for each in told)
        return (
            f"api = {json.dumps(told['api'], indent=4)}\n"
            f"exchange = ccxt.{name}({{  # or ccxt.pro.{name}, ccxt.async_support.{name}\n"
            f'    "urls": {{{names}}},\n'
            "})\n"
        )

    return Client(
        title="ccxt and ccxt.pro, Python",
        release="4.5.90",
        settings=lambda place: {"urls": urls(place)},
        paste=paste,
        notes=lambda place: (note, _CCXT_TRUST) if place.secure else (note,),
    )


def freqtrade(name: str, urls: Urls) -> Client:
    """
    freqtrade, which trades by ccxt.

    Args:
        name: As in :func:`ccxt`.
        urls: As there.
    """
    keys = 'This goes into config.json; "key" and "secret" beside "ccxt_config", never in it: that is logged.'

    def settings(place: Place) -> Settings:
        return {"exchange": {"name": name, "ccxt_config": {"urls": urls(place)}}}

    return Client(
        title="freqtrade",
        release="2026.9",
        settings=settings,
        paste=lambda place: json.dumps(settings(place), indent=4) + "\n",
        notes=lambda place: (keys, f"{TRUST}SSL_CERT_FILE.") if place.secure else (keys,),
    )


def cryptofeed(settings: Callable[[Place], Settings], paste: Callable[[Place], str]) -> Client:
    """
    cryptofeed, whose URLs are attributes of its class for an exchange.

    Args:
        settings: These attributes.
        paste: The same as a program sets them.
    """
    trust = f"{TRUST}SSL_CERT_FILE and REQUESTS_CA_BUNDLE."
    plain = "It refuses streams without TLS: serve with --tls-self-signed, and give the URL as https."
    return Client(
        title="cryptofeed",
        release="2.4.1",
        settings=settings,
        paste=paste,
        notes=lambda place: (trust if place.secure else plain,),
    )
