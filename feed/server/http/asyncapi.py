"""
What is said on WebSockets, AsyncAPI 3.0: one document for each protocol that declares its messages.

They are made of :mod:`feed.dialects.asyncapi` alone. Schemas are of JSON Schema draft 7, the dialect of the
format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import escape
from importlib import resources
from typing import Any, Final

import msgspec

import feed
from feed.dialects.asyncapi import Channel, Message
from feed.dialects.contract import Dialect
from feed.dialects.discovery import channels, dialects, with_channels
from feed.model.instruments import Listing
from feed.server.http.context import RequestContext
from feed.server.http.pages import table
from feed.server.http.schemas import schemas_of

_MESSAGE: Final = "#/components/messages/{name}"
_WS_BINDING: Final = "0.1.0"
"""Version of the format's rules for WebSockets."""
_MOST_SHOWN: Final = 200
"""Characters of an example on the page; the document has all of it."""
_EXAMPLES: Final = "examples.json"


def path_of(name: str) -> str:
    """Where the document of a protocol is served."""
    return f"/asyncapi/{name}.json"


def index() -> dict[str, Any]:
    """Which documents there are."""
    return {
        "asyncapi": "3.0.0",
        "documents": [
            {"protocol": name, "title": dialects()[name].title, "url": path_of(name)}
            for name in with_channels()
        ],
    }


def description(name: str, context: RequestContext) -> dict[str, Any]:
    """The document of a protocol, as plain data that is not to be changed."""
    settings = context.settings
    return _description(name, context.listing, settings.host, settings.port)


@lru_cache(maxsize=64)  # it takes milliseconds, and is shown at two places
def _description(name: str, listing: Listing, host: str, port: int) -> dict[str, Any]:
    dialect, declared = dialects()[name], channels(name, listing)
    told = {one.name: one for channel in declared for one in (*channel.from_client, *channel.to_client)}
    queries = [channel.query for channel in declared if channel.query is not None]
    schemas, components = schemas_of([*(one.shape for one in told.values()), *queries])
    examples = examples_of(name)
    found: dict[str, Any] = _as_draft_7(
        {
            "asyncapi": "3.0.0",
            "info": {
                "title": dialect.title,
                "version": feed.__version__,
                "license": {"name": "MIT"},
            },
            "defaultContentType": "application/json",
            "servers": {"feed": _server(dialect, host, port)},
            "channels": {one.name: _channel(one, dialect, schemas, components) for one in declared},
            "operations": {name: it for one in declared for name, it in _operations(one)},
            "components": {
                "messages": {
                    message: _message(one, schemas, examples.get(message, []))
                    for message, one in told.items()
                },
                "schemas": components,
            },
        }
    )
    return found


def examples_of(name: str) -> Mapping[str, list[Any]]:
    """Messages of a protocol as they were told, by their names in the document."""
    file = resources.files("feed.dialects").joinpath(name, _EXAMPLES)
    found: dict[str, list[Any]] = msgspec.json.decode(file.read_bytes()) if file.is_file() else {}
    return found


def page(context: RequestContext) -> Iterator[str]:
    """The same for people, as a part of a page."""
    documents = {name: description(name, context) for name in with_channels()}
    links = ((found["info"]["title"], path_of(name)) for name, found in documents.items())
    yield "<p>Each protocol's messages are described in AsyncAPI 3.0, which <a href=/asyncapi.json>"
    yield "/asyncapi.json</a> lists:</p><ul>"
    yield from (f"<li><a href={path}>{escape(title)}</a>" for title, path in links)
    yield "</ul>"
    for found in documents.values():
        prefix = found["servers"]["feed"].get("pathname", "")
        for channel in found["channels"].values():
            title = f"{found['info']['title']}: {prefix}{channel['address']}"
            yield f"<details><summary>{escape(title)}</summary><p>{escape(channel['summary'])}</p>"
            yield table(("sent by", "message", "", "members", "such as"), _rows(found, channel))
            yield "</details>"


def _rows(found: Mapping[str, Any], channel: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A row for each message of a channel, those of the client first."""
    operations = [it for it in found["operations"].values() if _leads_to(it["channel"], found) is channel]
    for operation in sorted(operations, key=lambda one: str(one["action"])):
        for name in (one["$ref"].rpartition("/")[2] for one in operation["messages"]):
            message = found["components"]["messages"][name]
            sender = "client" if operation["action"] == "receive" else "server"
            example = next((_shown(one["payload"]) for one in message.get("examples", ())), "")
            yield sender, name, message["summary"], _members(message["payload"], found), example


def _shown(example: object) -> str:
    text = msgspec.json.encode(example).decode()
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}..."


def _members(schema: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Names of an object's members; those that may be left out with a question mark."""
    if "$ref" in schema:
        schema = _leads_to(schema, found)
    if schema.get("type") == "array":
        return "a list"
    needed = schema.get("required", ())
    return " ".join(name if name in needed else f"{name}?" for name in schema.get("properties", ()))


def _leads_to(ref: Mapping[str, Any], found: Any) -> Any:
    for part in ref["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return found


def _server(dialect: Dialect, host: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "host": "{host}",
        "protocol": "ws",
        "variables": {
            "host": {
                "default": f"{'127.0.0.1' if host == '0.0.0.0' else host}:{port}",
                "description": "Name and port of the server; wss where it speaks TLS.",
            }
        },
    }
    return {**found, "pathname": dialect.path} if dialect.prefixed else found


def _channel(
    channel: Channel, dialect: Dialect, schemas: Mapping[int, dict[str, Any]], components: Mapping[str, Any]
) -> dict[str, Any]:
    binding: dict[str, Any] = {"method": "GET", "bindingVersion": _WS_BINDING}
    if channel.query is not None:
        # The rules of the format want the object itself here.
        binding["query"] = components[schemas[id(channel.query)]["$ref"].rpartition("/")[2]]
    return {
        "address": channel.address,
        "title": f"{dialect.title}: {channel.name}",
        "summary": channel.summary,
        "messages": {
            one.name: {"$ref": _MESSAGE.format(name=one.name)}
            for one in (*channel.from_client, *channel.to_client)
        },
        "bindings": {"ws": binding},
    }


def _operations(channel: Channel) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the server does: it receives what clients send, and sends the rest; a request may have answers."""
    asked = [one for one in channel.from_client if one.answers]
    other = [one for one in channel.from_client if not one.answers]
    for one in asked:
        reply = {
            "channel": {"$ref": f"#/channels/{channel.name}"},
            "messages": [_within(channel, name) for name in one.answers],
        }
        yield f"receive_{one.name}", {**_operation("receive", channel, [one]), "reply": reply}
    if other:
        yield f"receive_{channel.name}", _operation("receive", channel, other)
    if channel.to_client:
        yield f"send_{channel.name}", _operation("send", channel, channel.to_client)


def _operation(action: str, channel: Channel, told: Sequence[Message]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "messages": [_within(channel, one.name) for one in told],
    }


def _within(channel: Channel, name: str) -> dict[str, str]:
    return {"$ref": f"#/channels/{channel.name}/messages/{name}"}


def _message(one: Message, schemas: Mapping[int, dict[str, Any]], examples: list[Any]) -> dict[str, Any]:
    doc = one.summary or (one.shape.__doc__ or "").strip()
    found = {
        "name": one.name,
        "summary": " ".join(doc.partition("\n\n")[0].split()),
        "payload": schemas[id(one.shape)],
    }
    return {**found, "examples": [{"payload": example} for example in examples]} if examples else found


def _as_draft_7(schema: Any) -> Any:
    """The same in draft 7: items of an array by their places, and nothing of OpenAPI's own."""
    if isinstance(schema, list):
        return [_as_draft_7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _as_draft_7(it) for name, it in schema.items()}
    if "prefixItems" in found:
        found["additionalItems"] = found.pop("items", False)
        found["items"] = found.pop("prefixItems")
    if "anyOf" in found:
        found.pop("discriminator", None)  # an object in OpenAPI alone
    return found
