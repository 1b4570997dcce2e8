"""
A Postman collection of the requests for market data.

Source: Postman Collection Format 2.1.0. SecurityPro's document links to it.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from feed.dialects.access import OPEN
from feed.dialects.rest import JSON, Call, Endpoint, RestContext
from feed.dialects.securitypro.rest.market import API_KEY

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(context: RestContext, base: str) -> dict[str, Any]:
    """
    The collection, as plain data. Its variables are the server's address and the key.

    Args:
        context: Whose endpoints.
        base: URL of the server.
    """
    endpoints = [
        item
        for item in context.endpoints
        if item.access.name == API_KEY.name or item.path == "/api/v1/markets"
    ]
    return {
        "info": {"name": "SecurityPro market data", "schema": _SCHEMA},
        "variable": [
            {"key": "baseUrl", "value": base},
            {"key": "apiKey", "value": context.demo_key},
        ],
        "item": [_item(endpoint) for endpoint in endpoints],
    }


def _item(endpoint: Endpoint[Any]) -> dict[str, Any]:
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


def postman(context: RestContext, call: Call) -> bytes:
    """The collection as a file."""
    return msgspec.json.encode(collection(context, call.base))


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            path="/securitypro.postman_collection.json",
            summary="The requests for market data, for Postman",
            handle=postman,
            access=OPEN,
            returns=JSON,
            group="Documents",
        ),
    )
