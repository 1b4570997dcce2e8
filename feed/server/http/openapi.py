"""The API's description, OpenAPI 3.1, made from the table of endpoints and the types they answer with."""

from __future__ import annotations

import re
from typing import Any, Final

import feed
from feed.dialects.access import Access
from feed.dialects.parameters import Parameter
from feed.dialects.rest import JSON, Endpoint
from feed.server.http.context import RequestContext
from feed.server.http.schemas import schemas_of

_QUOTA: Final = {
    "X-RateLimit-Limit": "Requests in a second.",
    "X-RateLimit-Remaining": "Of these, how many are left.",
    "X-RateLimit-Reset": "Seconds until all are back.",
}
_QUOTA_OF_A_DAY: Final = {
    **_QUOTA,
    "X-RateLimit-Limit": "Requests with this key in a day; without a good key, in a second.",
    "X-RateLimit-Reset": "When all are back, seconds since the Unix epoch; without a good key, in seconds.",
}


def description(context: RequestContext) -> dict[str, Any]:
    """The whole document, as plain data."""
    endpoints = [endpoint for endpoint in context.endpoints if endpoint.described]
    schema, components = schemas_of(kind for endpoint in endpoints for kind in _types(endpoint))
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schema, context)
    return {
        "openapi": "3.1.0",
        "info": {"title": "feed", "version": feed.__version__, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                endpoint.access.name: _scheme(endpoint.access)
                for endpoint in endpoints
                if endpoint.access.name
            },
        },
    }


def _types(endpoint: Endpoint[RequestContext]) -> list[Any]:
    kinds = [endpoint.returns, endpoint.access.wording_type, endpoint.body]
    return [kind for kind in kinds if kind is not None and not isinstance(kind, str)]


def _operation(
    endpoint: Endpoint[RequestContext], schema: dict[int, dict[str, Any]], context: RequestContext
) -> dict[str, Any]:
    access = endpoint.access
    operation: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": _name(endpoint),
        "tags": [endpoint.group],
        "parameters": [_parameter(parameter, context) for parameter in endpoint.parameters],
        "responses": _responses(endpoint, schema),
    }
    if access.name:
        operation["security"] = (
            [{access.name: []}] if access.needed and access.needed_here else [{access.name: []}, {}]
        )
    if endpoint.body is not None:
        content = {JSON: {"schema": schema[id(endpoint.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _name(endpoint: Endpoint[RequestContext]) -> str:
    return endpoint.method.lower() + re.sub(r"\W+", "_", endpoint.path)


def _parameter(parameter: Parameter, context: RequestContext) -> dict[str, Any]:
    if parameter.least is None:
        # A protocol that reads a parameter itself may take an empty one for none.
        kind: dict[str, Any] = (
            {"type": "string"} if parameter.optional else {"type": "string", "minLength": 1}
        )
        if parameter.most is not None:
            kind["maxLength"] = parameter.most
        choices = parameter.choices
        if parameter.pattern:
            kind["pattern"] = parameter.pattern
        elif not choices and parameter.name == "symbol":
            choices = context.listing.symbols
        if choices:
            kind = {"type": "string", "enum": list(choices)}
    else:
        kind = {"type": "integer", "minimum": parameter.least}
        if parameter.most is not None:
            kind["maximum"] = parameter.most
    if parameter.default is not None:
        kind["default"] = parameter.default
    found = {
        "name": parameter.name,
        "in": "path" if parameter.in_path else "query",
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": kind,
    }
    return found if parameter.example is None else {**found, "example": parameter.example}


def _responses(endpoint: Endpoint[RequestContext], schema: dict[int, dict[str, Any]]) -> dict[str, Any]:
    access = endpoint.access
    if isinstance(endpoint.returns, str):
        media, kind = endpoint.returns.partition(";")[0], {}
    else:
        media, kind = JSON, schema[id(endpoint.returns)]
    keyed = access.header and not access.passes_over
    refusals = {
        400: "The request is malformed.",
        408: "The request was not complete in time.",
        413: "The body is too long.",
        **({429: "Too many requests."} if endpoint.metered else {}),
        **({401: "There is no key, or it is in the wrong place."} if keyed else {}),
        **({access.bad_key: "The key is not accepted."} if keyed and access.bad_key != 401 else {}),
        **({403: "The key does not allow this."} if keyed else {}),
        **endpoint.refusals,
    }
    refusal = schema[id(access.wording_type)]
    if (also := refusals.pop(endpoint.status, None)) is not None:  # it refuses with a good status
        kind = {"anyOf": [kind, refusal]}
    meaning = endpoint.summary if also is None else f"{endpoint.summary} Or: {also}"
    responses: dict[str, Any] = {
        str(endpoint.status): {"description": meaning, "content": {media: {"schema": kind}}},
        **{
            str(status): {"description": text, "content": {JSON: {"schema": refusal}}}
            for status, text in sorted(refusals.items())
        },
    }
    if endpoint.metered:
        for response in responses.values():
            response["headers"] = {
                name: {"description": meaning, "schema": {"type": "integer", "minimum": 0}}
                for name, meaning in (_QUOTA_OF_A_DAY if access.per_day else _QUOTA).items()
            }
    return responses


def _scheme(access: Access) -> dict[str, str]:
    if access.prefix:
        return {"type": "http", "scheme": access.prefix.strip().lower()}
    return {"type": "apiKey", "in": "header", "name": access.header}
