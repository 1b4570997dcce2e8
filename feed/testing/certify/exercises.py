"""
The exercises of a client: which fault is injected, one after another, and what the client has to do then.

The server is the real one, and so is the market. Faults are injected between it and the client
(:mod:`feed.testing.proxy`). A client that exits is started again for the next part.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice, pairwise
from typing import Final

import attrs

from feed.dialects.client import Codec, Requirement
from feed.dialects.discovery import codecs
from feed.errors import ConfigError
from feed.faults.gate import GateMode
from feed.settings import DEMO_SECRET, Limits
from feed.stream.frames import text_frame
from feed.testing.certify.report import Finding, ReportCard
from feed.testing.proxy import Proxy, Visit
from feed.testing.server import FeedServer

PING_SECONDS: Final = 2.0
SLOW_SECONDS: Final = 4.0
# Checksums are of the best levels: so many that not all of them were of deep ones.
LOST_FRAMES: Final = 16
REFUSALS: Final = 3
START_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.01
# A wait may be this much shorter than the document says before it counts as hammering.
TOLERANCE: Final = 0.9
EXPIRED: Final = 4401  # close code: the token that the connection was opened with is no longer good
GARBAGE: Final = text_frame("\x00 this is no message of any protocol {")
PING: Final = b"\x89\x00"


@attrs.frozen
class Outcome:
    """Whether a requirement was met (None: it could not be seen), and what was seen."""

    passed: bool | None
    seen: str


class Exercises:
    """One client, from its first connection to the last part."""

    def __init__(
        self,
        dialect: str,
        command: Sequence[str],
        *,
        patience: float,
        only: Collection[Requirement] = (),
    ) -> None:
        """
        Get ready.

        Args:
            dialect: Name of the protocol.
            command: The client's command line. It finds the server in its environment, as
                ``FEED_URL``, ``FEED_KEY`` and ``FEED_SECRET``, and runs until it is stopped.
            patience: Seconds in which it has to notice that nothing comes.
            only: The parts to run, besides that it connects; none means all of them.

        Raises:
            ConfigError: There is no such protocol.
        """
        if dialect not in codecs():
            raise ConfigError(
                f"no client of {dialect!r} can be certified", hint=f"known are {', '.join(codecs())}"
            )
        self._dialect = dialect
        self._codec: Codec = codecs()[dialect]
        self._command = tuple(command)
        self._patience = patience
        self._only = {Requirement.CONNECT, *only} if only else set(Requirement)
        limits = Limits(ping_seconds=PING_SECONDS, shutdown_seconds=1.0, close_seconds=0.5)
        self._server = FeedServer(dialect=dialect, limits=limits)
        self._client: subprocess.Popen[bytes] | None = None
        self._parts: dict[Requirement, Callable[[], Outcome]] = {
            Requirement.CONNECT: self._connects,
            Requirement.AUTHENTICATE: self._authenticates,
            Requirement.SUBSCRIBE: self._subscribes,
            Requirement.PONG: self._answers_pings,
            Requirement.SLOW: self._survives_a_slow_spell,
            Requirement.GAP: self._notices_a_gap,
            Requirement.GARBAGE: self._survives_garbage,
            Requirement.RECONNECT: self._comes_back,
            Requirement.RESUBSCRIBE: self._subscribes,
            Requirement.MUTE: self._notices_silence,
            Requirement.RENEW_TOKEN: self._renews_its_token,
            Requirement.BACK_OFF: self._backs_off,
        }

    def run(self, tell: Callable[[Finding], None]) -> ReportCard:
        """
        Run it all.

        Args:
            tell: Called with each finding as it is made.
        """
        findings = []
        requirements = {
            **dict.fromkeys(self._codec.required, True),
            **dict.fromkeys(self._codec.advised, False),
        }
        with self._server:
            try:
                for requirement, part in self._parts.items():
                    if requirement not in requirements or requirement not in self._only:
                        continue
                    outcome = self._attempt(requirement, part)
                    finding = Finding(
                        requirement=requirement,
                        required=requirements[requirement],
                        passed=outcome.passed,
                        seen=outcome.seen,
                        at=self._server.now(),
                    )
                    findings.append(finding)
                    tell(finding)
            finally:
                self._kill()
        return ReportCard(dialect=self._dialect, command=self._command, findings=tuple(findings))

    # -- the parts ---------------------------------------------------------------------------------

    def _connects(self) -> Outcome:
        return self._until(lambda: self._here is not None, START_SECONDS, "a connection")

    def _authenticates(self) -> Outcome:
        key = self._server.key
        visit = self._visit
        seconds = Limits().auth_seconds
        return self._until(lambda: key in visit.path or bool(visit.asked(key)), seconds, "the key")

    def _subscribes(self) -> Outcome:
        visit = self._visit
        return self._until(lambda: self._subscribes_on(visit), START_SECONDS, "a subscription")

    def _answers_pings(self) -> Outcome:
        visit = self._visit
        self._inject(
            lambda tap: tap.inject(PING)
        )  # a protocol may have the server ping less often than we wait
        return self._until(lambda: bool(visit.pongs), 2 * PING_SECONDS + 1, "a pong")

    def _comes_back(self) -> Outcome:
        before = self._visit
        self._inject(Proxy.drop)
        seconds = self._codec.backoff.most_seconds + self._patience
        return self._until(lambda: self._here not in {None, before}, seconds, "a new connection")

    def _backs_off(self) -> Outcome:
        # What was done to it before has made its waits longer already.
        self._kill()
        before = self._here
        self._start()
        if not self._wait(lambda: self._subscribed() and self._here is not before, START_SECONDS):
            return Outcome(passed=False, seen="it does not come back at all")
        visits, seen = self._server.visits, len(self._server.visits)
        self._server.refusing = True
        began = self._server.now()
        self._inject(Proxy.drop)
        waits = list(islice(self._codec.backoff.delays(lambda: 0.0), REFUSALS))
        self._wait(lambda: len(visits) >= seen + REFUSALS, sum(waits) + self._patience)
        self._server.refusing = False
        times = [began, *(visit.at for visit in visits[seen:])]
        gaps = [later - sooner for sooner, later in pairwise(times)][:REFUSALS]
        told = ", ".join(f"{gap:.2f}" for gap in gaps)
        if len(gaps) < REFUSALS:
            return Outcome(passed=False, seen=f"came back only {len(gaps)} times ({told} s)")
        early = [gap for gap, wait in zip(gaps, waits, strict=True) if gap < wait * TOLERANCE]
        wanted = ", ".join(f"{wait:g}" for wait in waits)
        return Outcome(passed=not early, seen=f"waited {told} s; at least {wanted} s are asked for")

    def _survives_a_slow_spell(self) -> Outcome:
        self._inject(lambda tap: setattr(tap, "wire", GateMode.HELD))
        time.sleep(SLOW_SECONDS)
        self._inject(Proxy.mend)
        return self._is_well(f"data came {SLOW_SECONDS:g} s late")

    def _notices_a_gap(self) -> Outcome:
        visit, word = self._visit, self._codec.book_word
        if not visit.asked(word) and word not in visit.path:
            return Outcome(passed=None, seen="it listens to nothing that shows a gap")
        asked, seen = len(visit.said), len(self._server.visits)

        def heals() -> bool:
            """It subscribes anew, gets the book by request, or begins a new connection."""
            again = self._codec.subscribe_word.strip('"')
            anew = any(again in said.text for said in visit.said[asked:])
            requested = any(word in other.path for other in self._server.visits[seen:])
            return anew or requested or self._here is not visit

        self._inject(lambda tap: setattr(tap, "lose", LOST_FRAMES))
        return self._until(
            heals, self._patience, f"a new snapshot asked for, with {LOST_FRAMES} messages lost"
        )

    def _renews_its_token(self) -> Outcome:
        client_handshake, seen = self._codec.client_handshake, len(self._server.visits)
        before = self._here
        self._inject(lambda tap: tap.hang_up(EXPIRED, "Token expired"))

        def renewed() -> bool:
            asked = any(
                client_handshake is not None and client_handshake.token_path in visit.path
                for visit in self._server.visits[seen:]
            )
            return asked and self._here not in {None, before}

        seconds = self._codec.backoff.most_seconds + self._patience
        return self._until(renewed, seconds, "a new token asked for, and a new connection")

    def _notices_silence(self) -> Outcome:
        visit = self._visit
        self._inject(lambda tap: setattr(tap, "wire", GateMode.MUTE))
        outcome = self._until(
            lambda: visit.left is not None or self._here is not visit,
            self._patience,
            "the connection given up",
        )
        self._inject(Proxy.drop)
        return outcome

    def _survives_garbage(self) -> Outcome:
        self._inject(lambda tap: tap.inject(GARBAGE))
        return self._is_well("a frame of garbage was sent")

    # -- inside ------------------------------------------------------------------------------------

    def _attempt(self, requirement: Requirement, part: Callable[[], Outcome]) -> Outcome:
        if requirement is Requirement.CONNECT:
            self._start()
            return part()
        if self._exited is not None:
            self._start()
        longest = self._codec.backoff.most_seconds + START_SECONDS
        if self._here is None and not self._wait(lambda: self._here is not None, longest):
            return Outcome(passed=False, seen="it is not connected")
        if requirement not in {Requirement.AUTHENTICATE, Requirement.SUBSCRIBE, Requirement.RESUBSCRIBE}:
            self._wait(self._subscribed, START_SECONDS)
        return part()

    def _is_well(self, done: str) -> Outcome:
        """
        Whether, a moment later, it runs and is subscribed, on this connection or on another.

        The moment begins when it has come so far: when it has answered a ping that stands behind what was
        done to it. On a machine that is busy it may take long to read what has been sent.
        """
        visit = self._visit
        # One answer may be on its way already.
        answers = len(visit.pongs) + 2
        self._inject(lambda tap: tap.inject(PING + PING))
        self._wait(lambda: len(visit.pongs) >= answers or self._here is not visit, START_SECONDS)
        deadline = self._server.now() + PING_SECONDS
        self._wait(lambda: self._exited is not None or self._server.now() > deadline, PING_SECONDS + 1)
        seconds = self._codec.backoff.most_seconds + self._patience
        # The server may hear later than we do that a client is no more.
        well = self._until(lambda: self._exited is None and self._subscribed(), seconds, "it is there")
        return attrs.evolve(well, seen=f"{done}: {well.seen}")

    def _until(self, done: Callable[[], bool], seconds: float, what: str) -> Outcome:
        began = self._server.now()
        if self._wait(done, seconds):
            return Outcome(passed=True, seen=f"{what}, after {self._server.now() - began:.1f} s")
        if self._exited is not None:
            return Outcome(passed=False, seen=f"the client exited with code {self._exited}")
        return Outcome(passed=False, seen=f"not within {seconds:g} s: {what}")

    def _wait(self, done: Callable[[], bool], seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline or self._exited is not None:
                return done()
            time.sleep(POLL_SECONDS)
        return True

    def _subscribed(self) -> bool:
        if self._codec.client_handshake is not None:  # the handshake has subscribed
            return self._here is not None
        return self._here is not None and self._subscribes_on(self._here)

    def _subscribes_on(self, visit: Visit) -> bool:
        """Whether a connection has subscribed to something, by a message or by its path."""
        codec = self._codec
        return bool(visit.asked(codec.subscribe_word)) or (
            bool(codec.path_word) and codec.path_word in visit.path
        )

    @property
    def _here(self) -> Visit | None:
        """The connection that is open; of several the last."""
        open_ = [visit for visit in self._server.visits if visit.upgraded and visit.left is None]
        return open_[-1] if open_ else None

    @property
    def _visit(self) -> Visit:
        return self._here or Visit(0.0)

    @property
    def _exited(self) -> int | None:
        return self._client.poll() if self._client is not None else None

    def _inject(self, do: Callable[[Proxy], None]) -> None:
        """Do something to the wires of all open connections."""

        def each() -> None:
            for tap in self._server.taps:
                if tap.visit.left is None:
                    do(tap)

        self._server.call(each)

    def _start(self) -> None:
        server = {"FEED_URL": self._server.url, "FEED_KEY": self._server.key, "FEED_SECRET": DEMO_SECRET}
        environment = {**os.environ, **server}
        try:
            self._client = subprocess.Popen(  # noqa: S603 - the user's own command
                self._command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as problem:
            raise ConfigError(f"cannot be run: {problem.strerror}", where=self._command[0]) from None

    def _kill(self) -> None:
        if self._client is not None:
            self._client.kill()
            self._client.wait()
