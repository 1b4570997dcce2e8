"""The URL settings of programs that speak to the exchange."""

from __future__ import annotations

import json
from typing import Any, Final

from feed.dialects.urls import Client, Place, Settings

_TRUST: Final = "Trust the server's authority: "


def _ccxt(place: Place) -> dict[str, Any]:
    """``urls.api`` of ccxt and ccxt.pro."""
    first, second = f"{place.ws}/v1", f"{place.ws}/v2"
    return {
        "public": place.http,
        "private": place.http,
        "zendesk": place.http,
        "ws": {
            "public": first,
            "private": first,
            "publicV2": second,
            "privateV2": second,
            "beta": first,
            "beta-private": first,
        },
    }


def _ccxt_settings(place: Place) -> Settings:
    return {"urls": {"api": _ccxt(place)}}


def _ccxt_paste(place: Place) -> str:
    return (
        f"api = {json.dumps(_ccxt(place), indent=4)}\n"
        "exchange = ccxt.kraken({  # or ccxt.pro.kraken, ccxt.async_support.kraken\n"
        '    "urls": {"api": api},\n'
        "})\n"
    )


def _ccxt_notes(place: Place) -> tuple[str, ...]:
    slow = 'It waits a second between two calls: "enableRateLimit": False ends that.'
    asynchronous = '"cafile" for ccxt.pro and ccxt.async_support'
    synchronous = 'REQUESTS_CA_BUNDLE and "requests_trust_env": True for ccxt'
    return (slow, f"{_TRUST}{asynchronous}, {synchronous}.") if place.secure else (slow,)


def _freqtrade_settings(place: Place) -> Settings:
    return {"exchange": {"name": "kraken", "ccxt_config": _ccxt_settings(place)}}


def _freqtrade_notes(place: Place) -> tuple[str, ...]:
    keys = 'This goes into config.json; "key" and "secret" beside "ccxt_config", never in it: that is logged.'
    return (keys, f"{_TRUST}SSL_CERT_FILE.") if place.secure else (keys,)


def _sdk(place: Place) -> dict[str, str]:
    """Attributes of classes; every client of the library has them."""
    return {
        "SpotClient.URL": place.http,
        "SpotWSClientBase.WS_URL": place.ws,
        "SpotWSClientBase.AUTH_WS_URL": place.ws,
    }


def _sdk_paste(place: Place) -> str:
    lines = [
        "from kraken.base_api import SpotClient",
        "from kraken.spot.websocket import SpotWSClientBase",
        "",
        *(f"{name} = {json.dumps(url)}" for name, url in _sdk(place).items()),
    ]
    return "\n".join(lines) + "\n"


def _sdk_notes(place: Place) -> tuple[str, ...]:
    serve = "serve with --listen kraken=HOST:PORT, and give the URL of that port with --own-port."
    prefix = f"It drops a path from the URL of REST: {serve}"
    return (prefix, f"{_TRUST}SSL_CERT_FILE and REQUESTS_CA_BUNDLE.") if place.secure else (prefix,)


def _cryptofeed(place: Place) -> dict[str, str]:
    """It speaks the first version."""
    return {"websocket_endpoints": f"{place.ws}/v1", "rest_endpoints": place.http}


def _cryptofeed_paste(place: Place) -> str:
    urls = _cryptofeed(place)
    streams, requests = json.dumps(urls["websocket_endpoints"]), json.dumps(urls["rest_endpoints"])
    return f"""from cryptofeed.connection import RestEndpoint, WebsocketEndpoint
from cryptofeed.exchanges import Kraken

ROUTES = Kraken.rest_endpoints[0].routes
Kraken.websocket_endpoints = [WebsocketEndpoint({streams}, sandbox={streams}, limit=20)]
Kraken.rest_endpoints = [RestEndpoint({requests}, routes=ROUTES, sandbox={requests})]
"""


def _cryptofeed_notes(place: Place) -> tuple[str, ...]:
    if place.secure:
        return (f"{_TRUST}SSL_CERT_FILE and REQUESTS_CA_BUNDLE.",)
    return ("It refuses streams without TLS: serve with --tls-self-signed, and give the URL as https.",)


CLIENTS: Final = {
    "ccxt": Client(
        title="ccxt and ccxt.pro, Python",
        release="4.5.90",
        settings=_ccxt_settings,
        paste=_ccxt_paste,
        notes=_ccxt_notes,
    ),
    "freqtrade": Client(
        title="freqtrade",
        release="2026.9",
        settings=_freqtrade_settings,
        paste=lambda place: json.dumps(_freqtrade_settings(place), indent=4) + "\n",
        notes=_freqtrade_notes,
    ),
    "python-kraken-sdk": Client(
        title="python-kraken-sdk",
        release="3.5.1",
        settings=_sdk,
        paste=_sdk_paste,
        notes=_sdk_notes,
    ),
    "cryptofeed": Client(
        title="cryptofeed",
        release="2.4.1",
        settings=_cryptofeed,
        paste=_cryptofeed_paste,
        notes=_cryptofeed_notes,
    ),
}
"""By the name that the command line has for them."""
