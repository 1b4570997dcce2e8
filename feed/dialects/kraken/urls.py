"""The URL settings of programs that speak to the exchange."""

from __future__ import annotations

import json
from typing import Any, Final

from feed.dialects.multi_exchange_clients import ccxt, cryptofeed, freqtrade
from feed.dialects.urls import TRUST, Client, Place, class_attributes

_CCXT_NOTE: Final = 'It waits a second between two calls: "enableRateLimit": False ends that.'


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


def _ccxt_urls(place: Place) -> dict[str, Any]:
    return {"api": _ccxt(place)}


def _sdk(place: Place) -> dict[str, str]:
    """Attributes of classes; every client of the library has them."""
    return {
        "SpotClient.URL": place.http,
        "SpotWSClientBase.WS_URL": place.ws,
        "SpotWSClientBase.AUTH_WS_URL": place.ws,
    }


def _sdk_paste(place: Place) -> str:
    imports = (
        "from kraken.base_api import SpotClient",
        "from kraken.spot.websocket import SpotWSClientBase",
    )
    return class_attributes(imports, _sdk(place))


def _sdk_notes(place: Place) -> tuple[str, ...]:
    serve = "serve with --listen kraken=HOST:PORT, and give the URL of that port with --own-port."
    prefix = f"It drops a path from the URL of REST: {serve}"
    return (prefix, f"{TRUST}SSL_CERT_FILE and REQUESTS_CA_BUNDLE.") if place.secure else (prefix,)


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


CLIENTS: Final = {
    "ccxt": ccxt("kraken", _ccxt_urls, _CCXT_NOTE),
    "freqtrade": freqtrade("kraken", _ccxt_urls),
    "python-kraken-sdk": Client(
        title="python-kraken-sdk",
        release="3.5.1",
        settings=_sdk,
        paste=_sdk_paste,
        notes=_sdk_notes,
    ),
    "cryptofeed": cryptofeed(_cryptofeed, _cryptofeed_paste),
}
"""By the name that the command line has for them."""
