"""A server in a thread of its own, for tests of any kind."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, Self, TypeVar, Unpack

import structlog
import trio

from feed.dialects.discovery import dialects, route
from feed.errors import ConfigError, FeedError
from feed.faults.contract import FaultRecord
from feed.server.close_reason import CloseReason
from feed.server.keys import ADMIN_PREFIX, KEY_BYTES, new_key
from feed.server.serve import Address, serve
from feed.server.server_context import ServerContext
from feed.settings import DEMO_KEY, Flow, Limits, Settings
from feed.stream.transport import Transport
from feed.testing.options import ServerOptions
from feed.testing.proxy import Proxy, Visit

START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 30.0
# A client that has subscribed to unknown symbols alone has this long to send another request.
UNKNOWN_SECONDS: Final = 2.0
_LONG_AGO: Final = 1_709_742_000_000_000_000  # 2024-03-06T16:20:00Z: the same in every test

T = TypeVar("T")

# Short deadlines for tests, and small batches: a market that is as fast as its clients stays close to them.
_LIMITS: Final = Limits(shutdown_seconds=1.0, close_seconds=0.5)
_FLOW: Final = Flow(channel_batches=1)
_REASON_BYTES: Final = 123  # RFC 6455, section 5.5


class FeedServer:
    """
    A market that runs while the block does.

    A client that asks for symbols that do not exist, and then for nothing else, is told so and closed with
    1008 two seconds later: it would be sent nothing, and a market that waits for it would never begin.

    ::

        with FeedServer(scenario="flash-crash", seed=7) as server:
            my_bot(server.url, server.key)

    Attributes:
        url: Where the protocol is served.
        http: Where HTTP is.
        key: An API key that is good here.
        admin_key: The key that steers the market, made anew for each server.
        visits: What each client did, one entry for each connection.
        taps: Their transports, for injecting faults; only to be touched by :meth:`call`.
        refusing: Whether connections are dropped as they come.
    """

    def __init__(
        self,
        scenario: str | Path | None = None,
        *,
        dialect: str | None = None,
        speed: float = 1.0,
        **settings: Unpack[ServerOptions],
    ) -> None:
        """
        Get ready.

        Args:
            scenario: Scenario file, recording, or name of a shipped scenario; None simulates the default
                market.
            dialect: Name of the protocol that :attr:`url` leads to; the others are served as well. None is
                the one that is served at ``/``.
            speed: Market seconds per second. 0: the market waits for the first subscription (of
                ``wait_clients``), and is then as fast as its slowest client reads, in lockstep.
            settings: Any others of :class:`feed.Settings`, such as ``seed``.

        Raises:
            TypeError: There is no such setting.
            ConfigError: There is no such protocol.
        """
        for given in settings:
            if given not in ServerOptions.__annotations__:
                raise TypeError(f"FeedServer() got an unexpected keyword argument {given!r}")
        if dialect is None:
            dialect = (route("/", {}) or next(iter(dialects().values()))).name
        if dialect not in dialects():
            raise ConfigError(f"there is no protocol {dialect!r}", hint=f"known are {', '.join(dialects())}")
        usual: dict[str, Any] = {"host": "127.0.0.1", "port": 0, "limits": _LIMITS, "flow": _FLOW}
        if not speed:
            usual |= {"lockstep": True, "wait_clients": 1}
        if scenario is None:
            usual["start"] = _LONG_AGO
        name = None if scenario is None else str(scenario)
        self._settings = Settings(**usual | dict(settings), scenario=name, speed=speed)
        self._path = dialects()[dialect].path
        self.key = DEMO_KEY
        self.admin_key = new_key(ADMIN_PREFIX, secrets.token_bytes(KEY_BYTES))
        self.url = self.http = ""
        self.visits: list[Visit] = []
        self.taps: list[Proxy] = []
        self.refusing = False
        self._token: trio.lowlevel.TrioToken | None = None
        self._server_context: ServerContext | None = None
        self._helpers: trio.Nursery | None = None
        self._stop = trio.Event()
        self._began = 0.0
        self._ready = threading.Event()
        self._problem: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="feed server", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """
        Begin to serve; clients can connect when it returns.

        Raises:
            ConfigError: A setting cannot be met, such as a scenario that does not exist.
        """
        self._quiet = not structlog.is_configured()
        if self._quiet:  # the output of a test is the test's own
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise FeedError("the server did not start")
        if self._problem is not None:
            self.stop()

    def stop(self) -> None:
        """Stop gently; raise what went wrong in the server, if anything did."""
        if self._token is not None:
            with suppress(trio.RunFinishedError):  # it has ended by itself
                self._token.run_sync_soon(self._stop.set)
        self._thread.join(STOP_SECONDS)
        if self._quiet:
            structlog.reset_defaults()
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise problem

    def call(self, function: Callable[[], T]) -> T:
        """
        Call ``function`` in the server's thread, between two of its steps; its result.

        Raises:
            FeedError: The server has not started, or has stopped.
        """
        if self._token is None:
            raise FeedError("the server has not started")
        result: Future[T] = Future()

        def run() -> None:
            try:
                result.set_result(function())
            except BaseException as problem:  # noqa: BLE001 - the caller's thread raises it
                result.set_exception(problem)

        try:
            self._token.run_sync_soon(run)
        except trio.RunFinishedError:
            raise FeedError("the server has stopped") from None
        return result.result(STOP_SECONDS)

    @property
    def faults(self) -> tuple[FaultRecord, ...]:
        """The faults of the scenario that have begun: what, when, and how many they struck."""

        def look() -> tuple[FaultRecord, ...]:
            return self._server_context.faults.statistics() if self._server_context is not None else ()

        return self.call(look)

    # -- in the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            trio.run(self._main)
        except BaseException as problem:  # noqa: BLE001 - the test's thread raises it
            while isinstance(problem, BaseExceptionGroup) and len(problem.exceptions) == 1:
                problem = problem.exceptions[0]
            self._problem = problem
        finally:
            self._ready.set()

    async def _main(self) -> None:
        self._token = trio.lowlevel.current_trio_token()
        self._began = time.perf_counter()
        async with trio.open_nursery() as helpers:
            self._helpers = helpers
            async with trio.open_nursery() as nursery:
                addresses: list[Address] = await nursery.start(
                    partial(
                        serve,
                        self._settings,
                        stop=self._stop,
                        wrap=self._tap,
                        tell=self._look,
                        admin_key=self.admin_key,
                    )
                )
                self.url = addresses[0].url(self._path)
                self.http = addresses[0].url().replace("ws", "http", 1)
                self._ready.set()
            helpers.cancel_scope.cancel()

    def _look(self, server_context: ServerContext) -> None:
        self._server_context = server_context

    def _tap(self, transport: Transport) -> Transport:
        visit = Visit(self.now())
        self.visits.append(visit)
        tap = Proxy(transport, visit, self.now)
        tap.complained = partial(self._unknown, tap)
        self.taps.append(tap)
        if self.refusing:
            tap.drop()
        return tap

    def _unknown(self, tap: Proxy, complaint: str) -> None:
        if self._helpers is not None:
            self._helpers.start_soon(self._end_unless_subscribed, tap, complaint)

    async def _end_unless_subscribed(self, tap: Proxy, complaint: str) -> None:
        """Close a connection that nothing would ever come on, and say why: its test would hang."""
        await trio.sleep(UNKNOWN_SECONDS)
        server_context = self._server_context
        if server_context is None:
            return
        known = (
            "" if "did you mean" in complaint else f"; known are {', '.join(server_context.listing.symbols)}"
        )
        reason = (complaint + known).encode()[:_REASON_BYTES].decode("utf-8", "ignore")
        for connection in list(server_context.registry.connections):
            if connection.transport is tap and connection.send_buffer.group is None:
                connection.end(CloseReason("unknown symbol", 1008, reason))

    def now(self) -> float:
        """Seconds since the server began, as visits count them."""
        return time.perf_counter() - self._began
