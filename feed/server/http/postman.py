"""
A Postman collection of the requests for market data.

Source: Postman Collection Format 2.1.0. SecurityPro's document links to it.
"""

from __future__ import annotations

from typing import Any, Final

from feed.server.http.access import API_KEY
from feed.server.http.endpoint import Endpoint
from feed.server.http.site import Site
from feed.server.keys import demo_keys_wanted
from feed.settings import DEMO_KEY

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(site: Site, base: str) -> dict[str, Any]:
    """
    The collection, as plain data. Its variables are the server's address and the key.

    Args:
        site: Whose endpoints.
        base: URL of the server.
    """
    endpoints = [
        item for item in site.endpoints if item.access.name == API_KEY.name or item.path == "/api/v1/markets"
    ]
    return {
        "info": {"name": "SecurityPro market data", "schema": _SCHEMA},
        "variable": [
            {"key": "baseUrl", "value": base},
            {"key": "apiKey", "value": DEMO_KEY if demo_keys_wanted(site.settings) else ""},
        ],
        "item": [_item(endpoint) for endpoint in endpoints],
    }


def _item(endpoint: Endpoint) -> dict[str, Any]:
    query = [
        {"key": parameter.name, "value": str(value), "description": parameter.meaning}
        for parameter in endpoint.parameters
        if (value := parameter.example if parameter.default is None else parameter.default) is not None
    ]
    text = "&".join(f"{item['key']}={item['value']}" for item in query)
    header = [{"key": endpoint.access.header, "value": "{{apiKey}}"}] if endpoint.access.header else []
    return {
        "name": endpoint.summary,
        "request": {
            "method": endpoint.method,
            "header": header,
            "url": {
                "raw": "{{baseUrl}}" + endpoint.path + (f"?{text}" if text else ""),
                "host": ["{{baseUrl}}"],
                "path": endpoint.path.strip("/").split("/"),
                "query": query,
            },
        },
    }
