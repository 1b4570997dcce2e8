"""
A Postman collection of the requests for market data, each with assertions: ``newman run`` tests a server.

Source: Postman Collection Format 2.1.0, and "Test script examples" of Postman's documents for what the
scripts call. SecurityPro's document links to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, get_args, get_origin

import msgspec

from feed.dialects.access import OPEN, Error, Shape
from feed.dialects.rest import JSON, Call, Endpoint, RestContext
from feed.dialects.securitypro.rest.market import API_KEY

_SCHEMA: Final = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_NOBODY: Final = "NOBODY-KNOWS"


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
        "item": [
            *(_item(endpoint) for endpoint in endpoints),
            {"name": "What is refused", "item": [one for each in endpoints for one in _refusals(each)]},
        ],
    }


def _item(endpoint: Endpoint[Any], **others: str) -> dict[str, Any]:
    """A request that is answered; ``others`` are values in place of its parameters' examples."""
    query = [
        {
            "key": parameter.name,
            "value": others.get(parameter.name, str(value)),
            "description": parameter.meaning,
        }
        for parameter in endpoint.parameters
        if (value := parameter.example if parameter.default is None else parameter.default) is not None
    ]
    text = "&".join(f"{item['key']}={item['value']}" for item in query)
    header = [{"key": endpoint.access.header, "value": "{{apiKey}}"}] if endpoint.access.header else []
    return {
        "name": endpoint.summary,
        "event": [_tests(endpoint.status, endpoint.returns, others or _asked(endpoint))],
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


def _asked(endpoint: Endpoint[Any]) -> dict[str, str]:
    """The symbol that a request asks for, where it asks for one."""
    return {each.name: str(each.example) for each in endpoint.parameters if each.name == "symbol"}


def _refusals(endpoint: Endpoint[Any]) -> list[dict[str, Any]]:
    """The same request with what must not be: no key, and a symbol that nobody knows."""
    found = []
    if endpoint.access.needed:
        without = _item(endpoint)
        without["request"]["header"] = []
        found.append(_refused(without, "without a key", 401, "unauthorized"))
    if _asked(endpoint):
        found.append(_refused(_item(endpoint, symbol=_NOBODY), "of nobody's symbol", 404, "not_found"))
    return found


def _refused(item: dict[str, Any], what: str, status: int, code: str) -> dict[str, Any]:
    tests = _tests(status, Error, {})
    tests["script"]["exec"] += _test(f"the code is {code}", f'pm.expect(body.error.code).to.eql("{code}");')
    return item | {"name": f"{item['name']}, {what}", "event": [tests]}


def _tests(status: int, returns: Any, equal: dict[str, str]) -> dict[str, Any]:
    """What must be true of an answer: its status, its type, its fields, and some of their values."""
    lines = [
        *_test(f"the status is {status}", f"pm.response.to.have.status({status});"),
        *_test("it is JSON", f'pm.expect(pm.response.headers.get("Content-Type")).to.include("{JSON}");'),
        "const body = pm.response.json();",
    ]
    many = get_origin(returns) is list
    shape = get_args(returns)[0] if many else returns
    if isinstance(shape, type) and issubclass(shape, Shape):
        keys = msgspec.json.encode(list(shape.__struct_encode_fields__)).decode()
        expected = f"to.have.all.keys({keys});"
        if many:
            lines += _test("there is one at least", 'pm.expect(body).to.be.an("array").that.is.not.empty;')
            lines += _test("the fields of each", f"body.forEach((each) => pm.expect(each).{expected[:-1]});")
        else:
            lines += _test("its fields", f"pm.expect(body).{expected}")
            for name in [name for name in equal if name in shape.__struct_fields__]:
                lines += _test(f"its {name}", f'pm.expect(body.{name}).to.eql("{equal[name]}");')
    return {"listen": "test", "script": {"type": "text/javascript", "exec": lines}}


def _test(name: str, line: str) -> Sequence[str]:
    return [f'pm.test("{name}", () => {{', f"    {line}", "});"]


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
