"""The URL settings of programs that speak to the exchange."""

from __future__ import annotations

import json
from typing import Any, Final

from feed.dialects.multi_exchange_clients import ccxt, cryptofeed, freqtrade
from feed.dialects.urls import TRUST, Client, Place, class_attributes

_NOWHERE: Final = "/none"
"""Below the prefix, where nothing is served: for what a client could connect to beside Spot."""


def _ccxt(place: Place) -> dict[str, Any]:
    """``urls.api`` of ccxt and ccxt.pro; what its test networks have is told the same."""
    http, nowhere = place.http, place.ws + _NOWHERE
    return {
        "public": f"{http}/api/v3",
        "private": f"{http}/api/v3",
        "v1": f"{http}/api/v1",
        "sapi": f"{http}/sapi/v1",
        "sapiV2": f"{http}/sapi/v2",
        "sapiV3": f"{http}/sapi/v3",
        "sapiV4": f"{http}/sapi/v4",
        "fapiPublic": f"{http}/fapi/v1",
        "fapiPublicV2": f"{http}/fapi/v2",
        "fapiPublicV3": f"{http}/fapi/v3",
        "fapiPrivate": f"{http}/fapi/v1",
        "fapiPrivateV2": f"{http}/fapi/v2",
        "fapiPrivateV3": f"{http}/fapi/v3",
        "fapiData": f"{http}/futures/data",
        "dapiPublic": f"{http}/dapi/v1",
        "dapiPrivate": f"{http}/dapi/v1",
        "dapiPrivateV2": f"{http}/dapi/v2",
        "dapiData": f"{http}/futures/data",
        "eapiPublic": f"{http}/eapi/v1",
        "eapiPrivate": f"{http}/eapi/v1",
        "papi": f"{http}/papi/v1",
        "papiV2": f"{http}/papi/v2",
        "ws": {
            "spot": f"{place.ws}/ws",
            "margin": f"{place.ws}/ws",
            "linear": nowhere,
            "inverse": nowhere,
            "stock": nowhere,
            "option": nowhere,
            "optionMarket": nowhere,
            "optionPrivate": nowhere,
            "papi": nowhere,
            "ws-api": {"spot": f"{place.ws}/ws-api/v3", "linear": nowhere, "inverse": nowhere},
        },
    }


def _ccxt_urls(place: Place) -> dict[str, Any]:
    return dict.fromkeys(("api", "test", "demo"), _ccxt(place))


def _python_binance(place: Place) -> dict[str, str]:
    """Attributes of classes; those of the test networks too."""
    http, nowhere = place.http, place.ws + _NOWHERE
    rest = {
        "API": f"{http}/api",
        "MARGIN_API": f"{http}/sapi",
        "WEBSITE": http,
        "FUTURES": f"{http}/fapi",
        "FUTURES_DATA": f"{http}/futures/data",
        "FUTURES_COIN": f"{http}/dapi",
        "FUTURES_COIN_DATA": f"{http}/futures/data",
        "OPTIONS": f"{http}/eapi",
        "PAPI": f"{http}/papi",
        "WS_API": f"{place.ws}/ws-api/v3",
        "WS_FUTURES": nowhere,
    }
    elsewhere = ("API", "FUTURES", "FUTURES_COIN", "WS_API", "WS_FUTURES")
    test = (*elsewhere, "FUTURES_DATA", "FUTURES_COIN_DATA", "OPTIONS")
    urls = {f"BaseClient.{name}_URL": url for name, url in rest.items()}
    urls |= {f"BaseClient.{name}_TESTNET_URL": rest[name] for name in test}
    urls |= {f"BaseClient.{name}_DEMO_URL": rest[name] for name in elsewhere}
    for network in ("", "_TESTNET", "_DEMO"):
        urls[f"BinanceSocketManager.STREAM{network}_URL"] = f"{place.ws}/"
        urls[f"BinanceSocketManager.FSTREAM{network}_URL"] = f"{nowhere}/"
        urls[f"BinanceSocketManager.DSTREAM{network}_URL"] = f"{nowhere}/"
    return urls


def _python_binance_paste(place: Place) -> str:
    imports = (
        "from binance.base_client import BaseClient",
        "from binance.ws.streams import BinanceSocketManager",
    )
    return class_attributes(imports, _python_binance(place))


def _python_binance_notes(place: Place) -> tuple[str, ...]:
    first = "Before the first client is made: set on Client alone they would not hold for AsyncClient."
    return (first, f"{TRUST}REQUESTS_CA_BUNDLE.") if place.secure else (first,)


def _cryptofeed(place: Place) -> dict[str, str]:
    return {
        "websocket_endpoints": place.ws,
        "rest_endpoints": place.http,
        "api": f"{place.http}/api/v3/",
    }


def _cryptofeed_paste(place: Place) -> str:
    return f"""from cryptofeed.connection import RestEndpoint, WebsocketEndpoint
from cryptofeed.exchanges import Binance

ROUTES = Binance.rest_endpoints[0].routes
Binance.websocket_endpoints = [WebsocketEndpoint("{place.ws}", sandbox="{place.ws}")]
Binance.rest_endpoints = [RestEndpoint("{place.http}", routes=ROUTES, sandbox="{place.http}")]
Binance.api = "{place.http}/api/v3/"
"""


def _unicorn(place: Place) -> dict[str, Any]:
    http = place.http
    return {
        "BinanceWebSocketApiManager": {
            "websocket_base_uri": f"{place.ws}/",
            "websocket_api_base_uri": f"{place.ws}/ws-api/v3",
            "restful_base_uri": f"{http}/api",
        },
        "BinanceRestApiManager": {
            "API_URL": f"{http}/api",
            "MARGIN_API_URL": f"{http}/sapi",
            "WEBSITE_URL": http,
            "FUTURES_URL": f"{http}/fapi",
            "FUTURES_DATA_URL": f"{http}/futures/data",
            "FUTURES_COIN_URL": f"{http}/dapi",
            "FUTURES_COIN_DATA_URL": f"{http}/futures/data",
            "OPTIONS_URL": f"{http}/eapi",
            "PAPI_URL": f"{http}/papi",
        },
    }


def _unicorn_paste(place: Place) -> str:
    urls = _unicorn(place)
    arguments = [f"    {name}={json.dumps(url)}," for name, url in urls["BinanceWebSocketApiManager"].items()]
    attributes = [
        f"        self.{name} = {json.dumps(url)}" for name, url in urls["BinanceRestApiManager"].items()
    ]
    lines = [
        "from unicorn_binance_rest_api import BinanceRestApiManager",
        "from unicorn_binance_websocket_api import BinanceWebSocketApiManager",
        "",
        "manager = BinanceWebSocketApiManager(",
        *arguments,
        ")",
        "",
        "",
        "class Rest(BinanceRestApiManager):",
        "    def _init_session(self):  # before the first request, which its constructor sends",
        *attributes,
        "        return super()._init_session()",
    ]
    return "\n".join(lines) + "\n"


def _npm(place: Place) -> dict[str, Any]:
    return {
        "MainClient": {"baseUrl": place.http},
        "WebsocketClient": {"wsUrl": place.ws, "restOptions": {"baseUrl": place.http}},
        "WebsocketAPIClient": {"wsUrl": place.ws, "restOptions": {"baseUrl": place.http}},
    }


def _npm_paste(place: Place) -> str:
    made = [
        f"const {name[0].lower()}{name[1:]} = new {name}({json.dumps(options)});"
        for name, options in _npm(place).items()
    ]
    return "\n".join(
        ['const { MainClient, WebsocketAPIClient, WebsocketClient } = require("binance");', "", *made, ""]
    )


def _npm_notes(place: Place) -> tuple[str, ...]:
    time = "getServerTime() asks the real exchange whatever it is told: do without it."
    return (time, f"{TRUST}NODE_EXTRA_CA_CERTS.") if place.secure else (time,)


CLIENTS: Final = {
    "ccxt": ccxt("binance", _ccxt_urls, 'Keys go beside "urls", as "apiKey" and "secret".'),
    "freqtrade": freqtrade("binance", _ccxt_urls),
    "python-binance": Client(
        title="python-binance",
        release="1.0.37",
        settings=_python_binance,
        paste=_python_binance_paste,
        notes=_python_binance_notes,
    ),
    "cryptofeed": cryptofeed(_cryptofeed, _cryptofeed_paste),
    "unicorn": Client(
        title="unicorn-binance-websocket-api and unicorn-binance-rest-api",
        release="2.16.1 and 2.12.0",
        settings=_unicorn,
        paste=_unicorn_paste,
        notes=lambda place: (f"{TRUST}REQUESTS_CA_BUNDLE.",) if place.secure else (),
    ),
    "npm": Client(
        title="binance, Node.js",
        release="3.6.5",
        settings=_npm,
        paste=_npm_paste,
        notes=_npm_notes,
    ),
}
"""By the name that the command line has for them."""
