"""Attacks the server in every way, beside a well-behaved client, and prints what that one noticed."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import attrs

from tests.benchmarks.abuse.attacks import ATTACKS
from tests.benchmarks.fanout.measure import CLIENT_CORE, ROOT, SERVER_CORE, pinned

ELSEWHERE, SAME = "127.0.0.2", "127.0.0.1"
AIM = 2.0
BUSY = 0.5  # load average
NICE = 15  # attackers give way to the victim, which shares their core

EXAMPLE = """\
examples:
  python -m tests.benchmarks.abuse                      every attack, from both addresses: fifteen minutes
  python -m tests.benchmarks.abuse --quick              shorter
  python -m tests.benchmarks.abuse --only conflate --from 127.0.0.2

Nothing else should run meanwhile: the server takes the first core, everybody else the second. What the
attackers do there runs only when the well-behaved client has nothing to do.

On a machine that others use, --processor counts what the server's processor did until a tick was written
to the client's socket, and no time in which the server was not let run; passes are those of its event loop.
"""


@attrs.frozen(kw_only=True)
class Result:
    """
    What one attack did.

    Attributes:
        quiet: p50 and p99 without it, milliseconds.
        attacked: The same beside it.
        ticks: How many ticks the victim got without it and beside it.
        passes: p99 and longest pass of the event loop without it and beside it; empty where nobody looked.
        fates: What became of the attackers.
        problem: Why there are no figures; empty when there are.
    """

    quiet: tuple[float, float] = (0, 0)
    attacked: tuple[float, float] = (0, 0)
    ticks: tuple[int, int] = (0, 0)
    passes: tuple[tuple[float, float], ...] = ()
    fates: dict[str, int] = attrs.field(factory=dict)
    problem: str = ""


def main() -> None:
    """Parse, attack, report."""
    options = _options()
    if (load := os.getloadavg()[0]) > BUSY and not options.processor:
        print(f"the machine is busy (load {load:.1f}): the ratios say little", file=sys.stderr)
    print(
        f"{'attack':<36} {'from':<10} {'alone ms':>13} {'attacked ms':>15} {'p50':>6} {'p99':>6}  "
        f"{'passes p99, max: alone | attacked   ' if options.processor else ''}attackers"
    )
    missed = 0
    for name in ATTACKS:
        if options.only and not any(part in name for part in options.only):
            continue
        for source in options.sources or (ELSEWHERE, SAME):
            attack = measured if options.processor else attacked
            result = attack(name, source, rounds=options.rounds, seconds=options.seconds)
            missed += _tell(name, source, result)
    print(f"{missed} of them above {AIM:g}" if missed else f"every ratio of p99 is at most {AIM:g}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.abuse",
        description="How late a well-behaved client is told, beside every attack and without it.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one round of three seconds each")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, interleaved (default: 3)")
    parser.add_argument("--seconds", type=float, default=5, help="length of a round (default: 5)")
    parser.add_argument("--only", action="append", metavar="PART", help="attacks whose name holds PART")
    parser.add_argument(
        "--from", action="append", dest="sources", metavar="ADDRESS", help="attackers' address"
    )
    parser.add_argument("--processor", action="store_true", help="count the time of the server's processor")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 3
    return options


def attacked(name: str, source: str, *, rounds: int, seconds: float) -> Result:
    """Start a server and a victim, and let the attack begin and end some times."""
    phases: list[tuple[bool, int, int]] = []
    with tempfile.TemporaryDirectory() as scratch, _server(Path(scratch)) as (server, port, symbols):
        del server
        path = Path(scratch, "samples")
        with (
            _victim(port, symbols, path) as victim,
            _attackers(name, port, source, symbols, NICE) as attackers,
        ):
            for number in range(2 * rounds):
                begun = time.monotonic_ns()
                _phase(attackers, seconds, attacking=number % 2 == 1)
                phases.append((number % 2 == 1, begun, begun + int(seconds * 1e9)))
            fates = _fates(attackers)
            victim.communicate(timeout=20)
            if victim.returncode:
                return Result(problem="the victim was cut off", fates=fates)
        samples = array("q")
        samples.frombytes(path.read_bytes())
    delays: dict[bool, list[float]] = {False: [], True: []}
    for came, late in zip(samples[::2], samples[1::2], strict=True):
        for attacking, begun, ended in phases:
            if begun <= came < ended:
                delays[attacking].append(late / 1e6)
    return Result(
        quiet=_percentiles(delays[False]),
        attacked=_percentiles(delays[True]),
        ticks=(len(delays[False]), len(delays[True])),
        fates=fates,
    )


def measured(name: str, source: str, *, rounds: int, seconds: float) -> Result:
    """The same, measured by the server itself, in the time of its processor."""
    delays: dict[bool, list[float]] = {False: [], True: []}
    passes: dict[bool, list[float]] = {False: [], True: []}

    def take(server: subprocess.Popen[str], *, attacking: bool | None) -> None:
        _order(server, "taken")
        assert server.stdout is not None
        found = json.loads(server.stdout.readline())
        if attacking is not None:
            delays[attacking] += found["late"]
            passes[attacking] += found["passes"]

    with (
        tempfile.TemporaryDirectory() as scratch,
        _server(Path(scratch), "processor") as (server, port, symbols),
    ):
        path = Path(scratch, "samples")
        with _victim(port, symbols, path) as victim, _attackers(name, port, source, symbols, 0) as attackers:
            for number in range(2 * rounds):
                attacking = number % 2 == 1
                take(server, attacking=None)
                _phase(
                    attackers, seconds, attacking=attacking, then=partial(take, server, attacking=attacking)
                )
            fates = _fates(attackers)
            victim.communicate(timeout=20)
            if victim.returncode:
                return Result(problem="the victim was cut off", fates=fates)
    return Result(
        quiet=_percentiles(delays[False]),
        attacked=_percentiles(delays[True]),
        ticks=(len(delays[False]), len(delays[True])),
        passes=tuple((_percentiles(passes[one])[1], max(passes[one])) for one in (False, True)),
        fates=fates,
    )


def _phase(
    attackers: subprocess.Popen[str],
    seconds: float,
    *,
    attacking: bool,
    then: Callable[[], None] = lambda: None,
) -> None:
    if attacking:
        _order(attackers, "go")
    time.sleep(seconds)
    then()
    if attacking:
        _order(attackers, "stop")
        time.sleep(1)  # until all that it has left behind is gone


def _fates(attackers: subprocess.Popen[str]) -> dict[str, int]:
    told, _ = attackers.communicate(timeout=20)
    fates: dict[str, int] = json.loads(told)["fates"]
    return fates


@contextlib.contextmanager
def _victim(port: int, symbols: list[str], path: Path) -> Iterator[subprocess.Popen[str]]:
    with _client("victim", str(port), str(path)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        _order(process, json.dumps(symbols))
        yield process


@contextlib.contextmanager
def _attackers(
    name: str, port: int, source: str, symbols: list[str], nice: int
) -> Iterator[subprocess.Popen[str]]:
    with _client("attacks", name, str(port), source, str(nice)) as process:
        _order(process, json.dumps(symbols))
        time.sleep(2)
        yield process


def _percentiles(delays: list[float]) -> tuple[float, float]:
    if not delays:
        return float("inf"), float("inf")
    delays.sort()
    return delays[len(delays) // 2], delays[len(delays) * 99 // 100]


@contextlib.contextmanager
def _server(scratch: Path, *mode: str) -> Iterator[tuple[subprocess.Popen[str], int, list[str]]]:
    port = _free_port()
    command = [sys.executable, "-m", "tests.benchmarks.abuse.server", str(port), *mode]
    with (scratch / "server.log").open("w") as sink, pinned(SERVER_CORE):
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the server did not start: {(scratch / 'server.log').read_text()}")
        while "serving" not in (scratch / "server.log").read_text():
            time.sleep(0.05)
        yield process, port, json.loads(line)
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _client(module: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", f"tests.benchmarks.abuse.{module}", *words]
    with pinned(CLIENT_CORE):
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _order(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _tell(name: str, source: str, result: Result) -> bool:
    start = f"{name:<36} {source:<10}"
    fates = ", ".join(f"{count} {fate}" for fate, count in sorted(result.fates.items()) if count) or "slowed"
    if result.problem:
        print(f"{start} {result.problem}  {fates}", flush=True)
        return True
    ratios = [beside / alone for beside, alone in zip(result.attacked, result.quiet, strict=True)]
    quiet, beside = ("{:6.2f} {:6.2f}".format(*it) for it in (result.quiet, result.attacked))
    passes = " | ".join("{:6.2f} {:6.2f}".format(*it) for it in result.passes)
    print(f"{start} {quiet} {beside:>15} {ratios[0]:6.2f} {ratios[1]:6.2f}  {passes}  {fates}", flush=True)
    return ratios[1] > AIM


if __name__ == "__main__":
    main()
