"""The URL settings of programs that speak to the exchange."""

from __future__ import annotations

import json
from typing import Any, Final

from feed.dialects.multi_exchange_clients import ccxt, cryptofeed, freqtrade
from feed.dialects.urls import TRUST, Client, Place

_CCXT_NOTE: Final = 'Key and secret go beside "urls", as feed keys prints them: "apiKey" and "secret".'
_PLAIN_NOTE: Final = "Its REST speaks TLS alone: serve with --tls-self-signed, and give the URL as https."


def _ccxt_urls(place: Place) -> dict[str, Any]:
    return {"api": {"rest": place.http, "ws": place.ws}}


def _sdk(place: Place) -> dict[str, str]:
    """Arguments of its classes: REST is told a host, with neither a scheme nor a slash at the end."""
    return {
        "RESTClient.base_url": place.http.partition("://")[2],
        "WSClient.base_url": place.ws,
        "WSUserClient.base_url": place.ws,
    }


def _sdk_paste(place: Place) -> str:
    urls = {name: json.dumps(url) for name, url in _sdk(place).items()}
    return f"""from coinbase.rest import RESTClient
from coinbase.websocket import WSClient, WSUserClient

keys = {{"api_key": KEY, "api_secret": SECRET}}
rest = RESTClient(**keys, base_url={urls["RESTClient.base_url"]})
ws = WSClient(**keys, base_url={urls["WSClient.base_url"]}, on_message=on_message)
user = WSUserClient(**keys, base_url={urls["WSUserClient.base_url"]}, on_message=on_message)
"""


def _cryptofeed(place: Place) -> dict[str, str]:
    return {"websocket_endpoints": place.ws, "rest_endpoints": f"{place.http}/api/v3/brokerage"}


def _cryptofeed_paste(place: Place) -> str:
    urls = {name: json.dumps(url) for name, url in _cryptofeed(place).items()}
    streams, requests = urls["websocket_endpoints"], urls["rest_endpoints"]
    return f"""from cryptofeed.connection import RestEndpoint, WebsocketEndpoint
from cryptofeed.exchanges import Coinbase

ROUTES, OPTIONS = Coinbase.rest_endpoints[0].routes, Coinbase.websocket_endpoints[0].options
Coinbase.websocket_endpoints = [WebsocketEndpoint({streams}, sandbox={streams}, options=OPTIONS)]
Coinbase.rest_endpoints = [RestEndpoint({requests}, routes=ROUTES, sandbox={requests})]
"""


CLIENTS: Final = {
    "ccxt": ccxt("coinbase", _ccxt_urls, _CCXT_NOTE),
    "freqtrade": freqtrade("coinbase", _ccxt_urls),
    "cryptofeed": cryptofeed(_cryptofeed, _cryptofeed_paste),
    "coinbase-advanced-py": Client(
        title="coinbase-advanced-py",
        release="1.8.4",
        settings=_sdk,
        paste=_sdk_paste,
        notes=lambda place: (f"{TRUST}REQUESTS_CA_BUNDLE.",) if place.secure else (_PLAIN_NOTE,),
    ),
}
"""By the name that the command line has for them."""
