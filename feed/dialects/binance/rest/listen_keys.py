"""
Listen keys, as an older revision has them: names under which an account is told of itself.

Source: "User data stream endpoints" of the REST document, as they were before 2026-02-20.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from feed.dialects.access import Shape
from feed.dialects.binance import errors
from feed.dialects.binance.fields import Fields
from feed.dialects.binance.rest.endpoints import GROUP, LIMITS, PREFIX
from feed.dialects.binance.rest.private import KEY
from feed.dialects.binance.revisions import PARAMETER, has_listen_keys
from feed.dialects.binance.symbols import NAME
from feed.dialects.parameters import Parameter
from feed.dialects.rest import Call, Endpoint, RestContext

PATH: Final = "/api/v3/userDataStream"
FIRST_PATH: Final = "/api/v1/userDataStream"
"""By which programs of that time ask as well."""
GOOD_SECONDS: Final = 3600
"""That a listen key lasts from when it was last asked for."""
_LISTEN_KEY: Final = "listenKey"


class ListenKey(Shape):
    """
    A name of a stream.

    Attributes:
        listenKey: For ``/ws/<listenKey>``, an hour long.
    """

    listenKey: str  # noqa: N815 - as published


class Nothing(Shape):
    """An object without fields."""


def start(context: RestContext, call: Call) -> ListenKey:
    """The listen key of the account: the active one, or a new one."""
    _read(context, call)
    return ListenKey(listenKey=context.stream_keys(NAME).open(call.key, GOOD_SECONDS))


def keep_alive(context: RestContext, call: Call) -> Nothing:
    """Let a listen key last for another hour."""
    key = _read(context, call, _LISTEN_KEY).needed(_LISTEN_KEY)
    if not context.stream_keys(NAME).extend(call.key, key, GOOD_SECONDS):
        raise errors.BAD_LISTEN_KEY.error()
    return Nothing()


def close(context: RestContext, call: Call) -> Nothing:
    """End a listen key, and the streams that it has opened."""
    key = _read(context, call, _LISTEN_KEY).needed(_LISTEN_KEY)
    if not context.stream_keys(NAME).close(call.key, key):
        raise errors.BAD_LISTEN_KEY.error()
    return Nothing()


def _read(context: RestContext, call: Call, *names: str) -> Fields:
    """The parameters of a request, where the revision that it asks for has listen keys."""
    if not has_listen_keys(dict(call.fields), context.settings.policies.binance):
        raise errors.GONE.error()
    return Fields(call.fields, names)


def endpoints() -> tuple[Endpoint[RestContext], ...]:
    """Those of listen keys. In the present revision they are gone."""
    revision = Parameter(
        name=PARAMETER,
        meaning="A day before 2026-02-20, of whose revision this is; without it the endpoint is gone.",
        optional=True,
        most=None,
        example="2025-12-31",
    )
    key = Parameter(name=_LISTEN_KEY, meaning="The listen key.", most=None)

    def endpoint(
        method: str,
        summary: str,
        handle: Callable[[RestContext, Call], object],
        parameters: tuple[Parameter, ...],
        returns: Any,
    ) -> Endpoint[RestContext]:
        return Endpoint(
            method=method,
            path=PREFIX + PATH,
            summary=summary,
            handle=handle,
            access=KEY,
            parameters=parameters,
            reads_fields=True,
            form=True,
            returns=returns,
            refusals={**LIMITS, 410: "There are no listen keys in the present revision."},
            meter=NAME,
            weight=lambda _: 2,
            guarded=True,
            group=GROUP,
        )

    served = (
        endpoint("POST", "Open a listen key (older revision)", start, (revision,), ListenKey),
        endpoint("PUT", "Keep a listen key alive (older revision)", keep_alive, (key, revision), Nothing),
        endpoint("DELETE", "Close a listen key (older revision)", close, (key, revision), Nothing),
    )
    return (*served, *(attrs.evolve(each, path=PREFIX + FIRST_PATH) for each in served))
