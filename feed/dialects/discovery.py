"""Finds the dialects: every folder beside this file, with what there is in it of a protocol."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl, urlsplit

import feed.dialects
from feed.dialects.asyncapi import Channel
from feed.dialects.client import Codec
from feed.dialects.contract import Dialect
from feed.dialects.rest import Endpoint, RestContext
from feed.dialects.urls import Client
from feed.errors import ConfigError
from feed.model.instruments import Listing
from feed.model.key_formats import DemoKey, KeyFormat
from feed.policies import MODULES
from feed.settings import Web


@cache
def dialects() -> dict[str, Dialect]:
    """Every dialect by name, in alphabetical order."""
    found: dict[str, Dialect] = {}
    for module in sorted(pkgutil.iter_modules(feed.dialects.__path__), key=lambda m: m.name):
        if module.ispkg:
            dialect: Dialect = importlib.import_module(f"feed.dialects.{module.name}.dialect").DIALECT
            found[dialect.name] = dialect
    return found


@cache
def codecs() -> dict[str, Codec]:
    """The client's side of every dialect that has one, by name, in alphabetical order."""
    return {name: importlib.import_module(f"feed.dialects.{name}.client").CODEC for name in with_codec()}


@cache
def client_urls() -> dict[str, Mapping[str, Client]]:
    """Programs of others that speak the dialects, by dialect and by their own name, in alphabetical order."""
    return {name: importlib.import_module(f"feed.dialects.{name}.urls").CLIENTS for name in with_urls()}


def channels(name: str, listing: Listing) -> tuple[Channel, ...]:
    """What is said on the WebSockets of a dialect, one of :func:`with_channels`."""
    found: tuple[Channel, ...] = importlib.import_module(f"feed.dialects.{name}.asyncapi").channels(listing)
    return found


def endpoints(listing: Listing, web: Web) -> tuple[Endpoint[RestContext], ...]:
    """
    What the dialects serve by request, in alphabetical order of their names.

    Args:
        listing: The instruments of the market, for the documents.
        web: Bounds on what can be asked for.
    """
    found: list[Endpoint[RestContext]] = []
    for name in dialects():
        module = f"feed.dialects.{name}.rest"
        if importlib.util.find_spec(module) is not None:
            found += importlib.import_module(module).endpoints(listing, web)
    return tuple(found)


def route(path: str, query: Mapping[str, str]) -> Dialect | None:
    """
    The dialect that a request target means, None when no dialect is served there.

    A path of its own decides, or one below a prefix; at ``/`` a dialect's query parameter does, and failing
    that the dialect that takes what is left.
    """
    fallback = None
    for dialect in dialects().values():
        if path == dialect.path or path in dialect.aliases or is_below(path, dialect):
            return dialect
        if path == "/" and dialect.root_query is not None:
            if dialect.root_query in query:
                return dialect
            if not dialect.root_query:
                fallback = dialect
    return fallback


def is_below(path: str, dialect: Dialect) -> bool:
    """Whether a path lies below that of a dialect which owns all of them."""
    return dialect.prefixed and path.startswith(f"{dialect.path}/")


def own_path(path: str, dialect: Dialect) -> str:
    """A path as the dialect's document has it: without the prefix, where the dialect has one."""
    if is_below(path, dialect):
        return path.removeprefix(dialect.path)
    return "/" if dialect.prefixed and path == dialect.path else path


def codec_for(url: str, dialect: str | None = None) -> Codec:
    """
    The codec of a protocol, by its name or else by where it is served.

    Raises:
        ConfigError: There is none.
    """
    known = codecs()
    if dialect is None:
        parts = urlsplit(url)
        found = route(parts.path or "/", dict(parse_qsl(parts.query, keep_blank_values=True)))
        dialect = found.name if found is not None else None
        if dialect is None:
            hint = f"name one of {', '.join(known)}"
            raise ConfigError("its path is that of no protocol", where=url, hint=hint)
    if dialect not in known:
        raise ConfigError(f"there is no client for {dialect!r}", hint=f"known are {', '.join(known)}")
    return known[dialect]


@cache
def key_formats() -> dict[str, KeyFormat]:
    """How keys look in the protocols that have a form of their own, by name, in alphabetical order."""
    return {name: found for name, module in MODULES.items() if (found := getattr(module, "KEY_FORMAT", None))}


def demo_keys() -> tuple[DemoKey, ...]:
    """The demo keys of single protocols."""
    return tuple(key for module in MODULES.values() for key in getattr(module, "DEMO_KEYS", ()))


def with_codec() -> list[str]:
    """Names of the dialects that :func:`codecs` has, in alphabetical order; imports none of them."""
    return _with("client")


def with_channels() -> list[str]:
    """Names of the dialects that declare their messages, in alphabetical order; imports none of them."""
    return _with("asyncapi")


def with_urls() -> list[str]:
    """Names of the dialects that :func:`client_urls` has, in alphabetical order; imports none of them."""
    return _with("urls")


def _with(module: str) -> list[str]:
    folders = sorted(one.name for one in pkgutil.iter_modules(feed.dialects.__path__) if one.ispkg)
    return [
        name for name in folders if importlib.util.find_spec(f"feed.dialects.{name}.{module}") is not None
    ]
