"""
What each protocol says in a scenario, from the handshake to the end, as one digest a connection.

Run it as ``python -m tests.transcripts`` in a checkout whose package is installed. Two versions of the
server that print the same lines say the same bytes; ``--against FILE`` compares with lines that were
written before (``> FILE``) and exits with 1 when they differ. The client is the plain one of
``websockets``: nothing here understands a protocol.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import attrs
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

KEY = "tk_live_a1b2c3d4e5f6"
START_SECONDS = 30
SILENT_SECONDS = 20  # a server that says nothing for so long has said all


@attrs.frozen(kw_only=True)
class Subscriber:
    """
    One connection, which says all it has to say before market time begins.

    Attributes:
        name: Of the line that is printed.
        path: Path and query.
        messages: Sent at once.
        token: Whether it shows an access token in the handshake.
    """

    name: str
    path: str
    messages: tuple[object, ...] = ()
    token: bool = False


def _securitypro(channel: str, symbol: str) -> Subscriber:
    request = {"op": "subscribe", "channel": channel, "symbol": symbol, "apiKey": KEY}
    return Subscriber(name=f"securitypro {channel} {symbol}", path="/securitypro", messages=(request,))


def subscribers(symbols: list[str]) -> list[Subscriber]:
    """Every protocol's channels, of all ``symbols`` where one message can ask for all."""
    auth = {"type": "auth", "apiKey": KEY}
    every = {"type": "subscribe", "symbols": symbols}
    kinds = ("ticker", "trades", "book", "book3", "candles")
    guide = [f"{kind}_{symbol.replace('-', '').lower()}" for kind in kinds for symbol in symbols]
    streams = "orders,trades,publicTrades,publicOrderBook"
    named = [
        "quotes",
        "book",
        "trades",
        "signals",
        "liquidations",
        "funding",
        "klines",
        "narratives",
        "polymarket",
    ]
    return [
        Subscriber(name="tradyn", path="/tradyn", messages=(auth, every)),
        Subscriber(name="tradyn seq", path="/tradyn?ext=seq", messages=(auth, every)),
        Subscriber(name="tradyn conflate", path="/tradyn?conflate=250", messages=(auth, every)),
        *(_securitypro(channel, symbols[-1]) for channel in ("ticker", "trades")),
        Subscriber(name="guide", path="/guide", messages=({"type": "subscribe", "channels": guide},)),
        *(
            Subscriber(
                name=f"rails {options}",
                path=f"/rails?market={symbols[-1]}&subscriptions={streams}{options}",
                token=True,
            )
            for options in ("", "&ext=seq,crc")
        ),
        Subscriber(
            name="marketai",
            path="/marketai?key=mk_live_abc123...",
            messages=({"action": "subscribe", "channels": [{"type": kind} for kind in named]},),
        ),
    ]


def token(port: int) -> str:
    """An access token for the key that everybody knows."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1/token",
        method="POST",
        headers={"X-Api-Key": KEY, "X-Api-Secret": "demo-secret"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["access_token"])


def hear(port: int, one: Subscriber, compression: str | None) -> list[str]:
    """Every message of a connection, up to the end."""
    subprotocols = [f"authorization#{token(port)}"] if one.token else None
    url = f"ws://127.0.0.1:{port}{one.path}"
    heard: list[str] = []
    with connect(url, subprotocols=subprotocols, max_size=None, compression=compression) as socket:
        for message in one.messages:
            socket.send(json.dumps(message))
        try:
            while True:
                heard.append(str(socket.recv(SILENT_SECONDS)))
        except (ConnectionClosed, TimeoutError):
            return heard


def transcript(scenario: str, until: str, one: Subscriber, *, deflate: bool = False) -> str:
    """The line of one connection: its name, how much was said, and the digest of it."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [sys.executable, "-m", "feed", "serve", "--port", "0", "--port-file", str(port_file)]
        command += ["--scenario", scenario, "--until", until, "--speed", "max", "--lockstep"]
        command += ["--deflate"] * deflate
        server = subprocess.Popen(
            [*command, "--wait-clients", "1"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            begun = time.monotonic()
            while not port_file.exists():
                if server.poll() is not None or time.monotonic() - begun > START_SECONDS:
                    sys.exit(f"the server does not start: {' '.join(command)}")
                time.sleep(0.02)
            heard = hear(int(port_file.read_text()), one, "deflate" if deflate else None)
        finally:
            server.terminate()
            server.wait()
    content = "".join(f"{text}\n" for text in heard).encode()
    return f"{scenario} {one.name}: {len(heard)} messages {hashlib.sha256(content).hexdigest()}"


def main() -> int:
    """Print every line, and what differs from those that are known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--against", type=Path, metavar="FILE", help="lines printed before")
    parser.add_argument("--until", default="30s", help="market time of each scenario")
    parser.add_argument("--deflate", action="store_true", help="with compression: the lines are the same")
    arguments = parser.parse_args()
    known = arguments.against.read_text().splitlines() if arguments.against else []
    listings = {"burst": ["EURUSD", "BTC-USD"], "calm-day": ["EURUSD", "BTC-USD"]}
    differ = 0
    for scenario, symbols in listings.items():
        for one in subscribers(symbols):
            line = transcript(scenario, arguments.until, one, deflate=arguments.deflate)
            same = not arguments.against or line in known
            differ += not same
            print(line if same else f"DIFFERS {line}", flush=True)
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
