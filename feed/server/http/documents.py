"""
The generated documents: ``/openapi.json`` and ``/docs``, made from the table of endpoints, and ``/asyncapi``,
made from the messages that protocols declare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from html import escape
from importlib import resources
from typing import Any, Generic, TypeVar

import msgspec

from feed.config.fields import attributes_of, is_group, kind_of, leaves, value_of
from feed.config.scenario_fields import sections
from feed.dialects.access import OPEN
from feed.dialects.discovery import dialects, with_channels
from feed.dialects.rest import JSON, Call, Endpoint
from feed.server.http import asyncapi, client_matrix
from feed.server.http.context import RequestContext
from feed.server.http.openapi import description
from feed.server.http.pages import HTML, page_head, table
from feed.server.refusals import protocol_paths
from feed.settings import Settings

T = TypeVar("T")

_GROUP = "Documents"
_TEXTS = (
    ("Connection options", "feed.dialects", "OPTIONS.md"),
    ("Webhooks", "feed.dialects", "WEBHOOKS.md"),
    ("Faults at run time", "feed.faults", "FAULTS.md"),
    ("The page in the browser", "feed.page", "PAGE.md"),
    ("Log of messages", "feed.server.message_log", "LINES.md"),
)


def openapi(context: RequestContext) -> bytes:
    """The description of the API."""
    return msgspec.json.encode(description(context))


def asyncapi_index(context: RequestContext) -> bytes:
    """Which descriptions of messages there are."""
    del context
    return msgspec.json.encode(asyncapi.index())


def docs(context: RequestContext) -> str:
    """A page with everything that is served, every default, and how each protocol is read."""
    return "".join(_page(context))


def prepare(context: RequestContext) -> None:
    """Make all of them that never change: whoever asks first would have everybody wait for it."""
    for endpoint in context.endpoints:
        if isinstance(endpoint.handle, _Once):
            endpoint.handle.of(context)


class _Once(Generic[T]):
    """What ``make`` says of a server, worked out once: it takes many milliseconds, and never changes."""

    def __init__(self, make: Callable[[RequestContext], T]) -> None:
        self._make = make
        self._made: list[T] = []

    def of(self, context: RequestContext) -> T:
        """It."""
        if not self._made:
            self._made.append(self._make(context))
        return self._made[0]

    def __call__(self, context: RequestContext, call: Call) -> T:
        """The same, as an answer."""
        del call
        return self.of(context)


def _messages(name: str, context: RequestContext) -> bytes:
    return msgspec.json.encode(asyncapi.description(name, context))


def _page(context: RequestContext) -> Iterator[str]:
    yield page_head("feed")
    yield "<h1>feed</h1><p>The API is described in <a href=/openapi.json>/openapi.json</a>.</p>"
    yield "<h2>WebSocket</h2>"
    yield table(("protocol", "paths"), ((name, "  ".join(at)) for name, at in protocol_paths().items()))
    yield from asyncapi.page(context)
    yield "<h2>HTTP</h2>"
    rows = (
        (item.method, item.path, "" if item.access.passes_over else item.access.header, item.summary)
        for item in context.endpoints
    )
    yield table(("method", "path", "key in", ""), rows)
    yield "<h2>Settings</h2><p>A file of them is given with <code>feed serve --config FILE</code>; "
    yield "<code>feed config</code> prints those in force as such a file.</p>"
    yield from _settings(Settings, "")
    for title, package, name in _TEXTS:
        text = resources.files(package).joinpath(name).read_text(encoding="utf-8")
        yield f"<h2>{title}</h2><pre>{escape(text)}</pre>"
    yield "<h2>Scenarios</h2><p>What a scenario file may say; <code>feed scenario fields</code> prints the "
    yield "same.</p>"
    for section in sections():
        yield f"<h3>{escape(section.heading or section.name)}</h3><p>{escape(section.meaning)}</p>"
        cells = ((row.name, row.allowed, row.default, row.meaning) for row in section.rows)
        yield table(("field", "allowed", "default", "meaning"), cells)
    yield from _clients()
    for name, dialect in dialects().items():
        notes = resources.files("feed.dialects").joinpath(name, "NOTES.md")
        if notes.is_file():
            yield f"<h2>{escape(dialect.title)}</h2><pre>{escape(notes.read_text(encoding='utf-8'))}</pre>"
    yield "</html>"


def _clients() -> Iterator[str]:
    """Programs of others that are known to run, by the tests of them."""
    matrix, protocols = client_matrix.shipped(), dialects().keys()
    yield "<h2>Clients</h2><p>Programs that other people wrote, and what the tests of them found; <code>feed "
    yield "urls</code> prints what each has to be told.</p>"
    yield table(client_matrix.HEAD, client_matrix.rows(matrix, protocols))
    notes = "".join(f"<li>{escape(note)}" for note in client_matrix.notes(matrix, protocols))
    yield f"<ul>{notes}</ul>"


def _settings(owner: type[Any], prefix: str) -> Iterator[str]:
    """A table of a group of settings, and of the groups in it."""
    rows = [
        (leaf.key, str(value_of(Settings(), leaf.name)), leaf.allowed, leaf.meaning)
        for leaf in leaves(owner, prefix)
        if leaf.name == f"{prefix}{leaf.key}"
    ]
    if rows:
        title = f"[{prefix.rstrip('.')}]" if prefix else "At the top"
        yield f"<h3>{title}</h3>" + table(("setting", "default", "allowed", "meaning"), iter(rows))
    for field in attributes_of(owner):
        if is_group(field):
            yield from _settings(kind_of(field), f"{prefix}{field.name}.")


def endpoints() -> tuple[Endpoint[RequestContext], ...]:
    """Those of this module."""
    return (
        Endpoint(
            path="/openapi.json",
            summary="This API, described",
            handle=_Once(openapi),
            access=OPEN,
            returns=JSON,
            group=_GROUP,
        ),
        Endpoint(
            path="/asyncapi.json",
            summary="Where the messages of each protocol are described",
            handle=_Once(asyncapi_index),
            access=OPEN,
            returns=JSON,
            group=_GROUP,
        ),
        *(
            Endpoint(
                path=asyncapi.path_of(name),
                summary=f"Messages of {dialects()[name].title}, described",
                handle=_Once(partial(_messages, name)),
                access=OPEN,
                returns=JSON,
                group=_GROUP,
            )
            for name in with_channels()
        ),
        Endpoint(
            path="/docs",
            summary="Everything that is served, every default, and how each protocol is read",
            handle=_Once(docs),
            access=OPEN,
            returns=HTML,
            group=_GROUP,
        ),
    )
