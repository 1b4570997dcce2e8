"""
A request that is answered where the market is: as the server that a client asks hands it on, and the answer.

What a client may do is judged there, once for all servers: key, signature, nonce, quota. The server that it
has reached says what only that one can know: where the client came from, and whether other people's web pages
are at work.
"""

from __future__ import annotations

from typing import Never, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from feed.dialects.rest import Endpoint
from feed.model.arrival import Arrival
from feed.server.http.cors import GUARD_PROBLEM


class ForwardedCall(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    A request.

    Attributes:
        template: Path of its endpoint, as that declares it.
        method: As the client wrote it; likewise the rest, where nothing else is said.
        scheme: ``http`` or ``https``.
        path: Decoded, with the prefix of its protocol.
        raw_path: Of the URL.
        query: Of the URL.
        headers: Names, in lower case, and values.
        arrival: Where it came from, and arrived.
        in_path: Parameters that are parts of the path.
        guard_problem: Why it must not come in to a guarded path; empty when it may.
        body: All of it.
    """

    template: str
    method: str
    scheme: str
    path: str
    raw_path: bytes
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    arrival: Arrival
    in_path: dict[str, str]
    guard_problem: str
    body: bytes

    @classmethod
    def of(cls, request: Request, template: str, body: bytes) -> ForwardedCall:
        """A request that has come for an endpoint, and its body."""
        scope = request.scope
        return cls(
            template=template,
            method=scope["method"],
            scheme=scope["scheme"],
            path=scope["path"],
            raw_path=scope["raw_path"],
            query=scope["query_string"],
            headers=tuple((bytes(name), bytes(value)) for name, value in scope["headers"]),
            arrival=scope["state"]["arrival"],
            in_path=dict(request.path_params),
            guard_problem=scope.get(GUARD_PROBLEM, ""),
            body=body,
        )

    @property
    def scope(self) -> Scope:
        """What an application is told of it."""
        return {
            "type": "http",
            "http_version": "1.1",
            "method": self.method,
            "scheme": self.scheme,
            "path": self.path,
            "raw_path": self.raw_path,
            "query_string": self.query,
            "root_path": "",
            "headers": list(self.headers),
            "client": (self.arrival.peer, 0),
            "server": None,
            "path_params": self.in_path,
            "state": {"arrival": self.arrival},
            GUARD_PROBLEM: self.guard_problem,
        }


class ForwardedAnswer(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """
    An answer.

    Attributes:
        status: HTTP status.
        headers: Names, in lower case, and values.
        body: All of it.
        key: Name of the key that the request has shown; empty for none, or a bad one.
    """

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    key: str = ""

    @classmethod
    def of(cls, response: Response, key: str) -> ForwardedAnswer:
        """A response that is whole, to whoever has shown a key."""
        return cls(
            status=response.status_code,
            headers=tuple(response.raw_headers),
            body=bytes(response.body),
            key=key,
        )

    @property
    def response(self) -> Response:
        """For the client."""
        response = Response(self.body, self.status)
        response.raw_headers = list(self.headers)
        return response


class Forward(Protocol):
    """Hands requests on to where the market is."""

    def wants(self, endpoint: Endpoint[Never]) -> bool:
        """Whether requests for an endpoint, whatever it sees of a server, are answered there."""
        ...

    async def __call__(self, call: ForwardedCall) -> ForwardedAnswer:
        """
        The answer, once this server has published all that it depends on.

        Raises:
            Problem: 503, nobody is there to answer, or nobody knows in time whether it has acted.
        """
        ...
