"""
A thousand clients of ``feed serve`` for a minute: is anybody cut, and do all get the same bytes?

The real server with the simulated market, and the load client of :mod:`tests.benchmarks.fanout`. All
clients subscribe to the same symbols, as many as it takes for the wanted rate. From one market time on,
each hashes every tick it gets; whenever market time enters another tenth of a second, the hash of everything
so far must be that of all others.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from websockets.sync.client import connect

from tests.benchmarks.fanout.build import CACHE, compile_programs
from tests.benchmarks.fanout.measure import CLIENT_CORE, ROOT, SERVER_CORE, pinned
from tests.benchmarks.fanout.workloads import KEY

EXAMPLE = """\
example:
  python -m tests.benchmarks.soak --connections 1000 --rate 20 --seconds 60
"""
START_SECONDS = 15
PROBE_SECONDS = 5
SYMBOLS = ("EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "BTC-USD", "ETH-USD", "SOL-USD")
SHOWN = (
    "connections",
    "hashed",
    "hash_checks",
    "hash_mismatches",
    "fewest",
    "most",
    "deliveries_per_second",
    "us_per_delivery",
    "server_cpu",
    "joins_per_second",
    "rss_idle_kib",
    "rss_most_mib",
    "pings",
)
AUTH = json.dumps({"type": "auth", "apiKey": KEY})


def main() -> int:
    """Parse, run, judge: 0 when nobody was cut and every stream was the same."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.soak",
        description="Many clients of the real server: is anybody cut, and do all get the same bytes?",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20, help="ticks a second per connection, about")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--slow", type=float, default=0, help="share of the clients that stall now and then")
    options = parser.parse_args()
    home = CACHE.expanduser()
    if missing := compile_programs(home):
        print(*missing.values(), file=sys.stderr)
        return 2
    with serving(options.connections) as (port, pid):
        symbols = choose_symbols(port, options.rate)
        print(f"{options.connections} connections, each subscribed to {', '.join(symbols)}")
        report = run_load(home / "load", options, symbols, port, pid)
    return judge(report)


@contextlib.contextmanager
def serving(connections: int) -> Iterator[tuple[int, int]]:
    """``feed serve`` on the first core: its port and its process id."""
    room = str(connections + 1)
    with tempfile.TemporaryDirectory() as scratch:
        port_file = Path(scratch, "port")
        command = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", port_file]
        command += ["--max-connections", room, "--max-connections-per-address", room]
        with pinned(SERVER_CORE):
            server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        try:
            give_up = time.monotonic() + START_SECONDS
            while not port_file.exists():
                if server.poll() is not None or time.monotonic() > give_up:
                    raise SystemExit("feed serve did not start")
                time.sleep(0.05)
            yield int(port_file.read_text()), server.pid
        finally:
            server.terminate()
            server.wait()


def choose_symbols(port: int, rate: float) -> list[str]:
    """As many symbols as give about ``rate`` ticks a second together, by what they do now."""
    with connect(f"ws://127.0.0.1:{port}/tradyn", compression=None) as client:
        client.send(AUTH)
        client.send(json.dumps({"type": "subscribe", "symbols": SYMBOLS}))
        ticks: Counter[str] = Counter()
        end = time.monotonic() + PROBE_SECONDS
        while time.monotonic() < end:
            message = json.loads(client.recv())
            if message["type"] == "tick":
                ticks[message["symbol"]] += 1
    chosen: list[str] = []
    missing = rate * PROBE_SECONDS
    for symbol, count in ticks.most_common():
        if count <= missing * 1.2 or not chosen:
            chosen.append(symbol)
            missing -= count
    return chosen


def run_load(
    program: Path, options: argparse.Namespace, symbols: list[str], port: int, pid: int
) -> dict[str, float]:
    """The load client on the second core; its last report."""
    subscribe = json.dumps({"type": "subscribe", "symbols": symbols})
    command = [program, "--port", port, "--server", pid, "--connections", options.connections]
    command += ["--seconds", options.seconds, "--warm", 2, "--window", 10, "--hash", "--slow", options.slow]
    command += ["--path", "/tradyn", "--send", AUTH, "--send", subscribe, "--ready", '"subscribed"']
    report: dict[str, float] = {}
    with pinned(CLIENT_CORE):
        client = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE)
    with client:
        assert client.stdout is not None
        for line in client.stdout:
            report = json.loads(line)
            if report["kind"] == "window":
                each = report["deliveries_per_second"] / options.connections
                cpu = report["server_cpu"]
                print(f"{report['at']:6.0f} s  {each:6.1f} ticks/s each  {cpu:4.0%} CPU", flush=True)
    return report


def judge(report: dict[str, float]) -> int:
    """Print the verdict and the figures."""
    if report.get("kind") != "run":
        print("the load client did not finish")
        return 1
    cut = report["closed"] + report["closed_slow"] + report["failed"]
    same = report["hash_checks"] > 0 and not report["hash_mismatches"]
    print("nobody was cut" if not cut else f"{cut} were cut")
    print("every stream was byte-identical" if same else "streams differ")
    for name in SHOWN:
        print(f"  {name:<24} {report[name]:g}")
    return 0 if same and not cut else 1


if __name__ == "__main__":
    raise SystemExit(main())
