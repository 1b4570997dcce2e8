"""A server that was killed and started again: only the same market goes on where the old one was."""

import json
import signal
import time
import urllib.request
from contextlib import ExitStack, asynccontextmanager, contextmanager
from urllib.parse import urlsplit

import anyio
import pytest
import websockets.sync.client

from feed.client import Connected, Disconnected, Event, Gap, connect
from feed.client.fetch import poster
from feed.client.socket import open_socket
from feed.settings import DEMO_KEY, DEMO_SECRET

pytestmark = pytest.mark.e2e

PATIENCE_SECONDS = 30
MARKET = ("--start", "2024-03-06T12:00:00Z", "--speed", 5)
KEY = {"apiKey": DEMO_KEY}
BTC = {"symbol": "BTC-USD"}
AUTH = {"type": "auth", **KEY}

# Where each protocol is, and what makes it speak.
PROTOCOLS = {
    "tradyn": ("/tradyn?", [AUTH, {"type": "subscribe", "symbols": ["EURUSD", "BTC-USD"]}]),
    "securitypro": ("/market/ws?", [{"op": "subscribe", "channel": "ticker", **BTC, **KEY}]),
    "guide": ("/ws?", [{"type": "subscribe", "channels": ["ticker_btcusd", "trades_btcusd", "book_btcusd"]}]),
    "rails": ("/rails?market=BTC-USD&subscriptions=publicTrades,publicOrderBook&", []),
}


@contextmanager
def listen(url, name, since=None):
    """A connection of one protocol, with everything asked for; the URL says where it begins."""
    path, messages = PROTOCOLS[name]
    query = "ext=seq" if since is None else f"ext=seq&since={since}"
    offered = [f"authorization#{token(url)}"] if name == "rails" else None
    with websockets.sync.client.connect(
        f"{url}{path}{query}", subprotocols=offered, close_timeout=0.5
    ) as socket:
        for message in messages:
            socket.send(json.dumps(message))
        yield socket


def token(url):
    request = urllib.request.Request(
        f"{http(url)}/api/v1/token",
        method="POST",
        headers={"X-Api-Key": DEMO_KEY, "X-Api-Secret": DEMO_SECRET},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access_token"]


def http(url):
    return url.replace("ws://", "http://")


def wait_for(url, seq):
    """Until the server's market has come so far."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with urllib.request.urlopen(f"{http(url)}/readyz") as answer:
            if json.load(answer)["seq"] > seq:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def data(socket, count):
    """The next messages with a sequence number, as they came."""
    found = []
    while len(found) < count:
        text = socket.recv(PATIENCE_SECONDS)
        if '"seq":' in text:
            found.append(text)
    return found


def kill(server):
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()


@pytest.fixture
def before(serve):
    """Starts a server, hears every protocol, and kills it; gives what each has heard."""

    def run(seed):
        server, url = serve("--seed", seed, *MARKET)
        with ExitStack() as stack:
            sockets = {name: stack.enter_context(listen(url, name)) for name in PROTOCOLS}
            heard = {name: data(socket, 60) for name, socket in sockets.items()}
            kill(server)
        return heard

    return run


def position(text):
    return json.loads(text)["pos"]


def newest(heard):
    return max(int(position(text).partition("-")[0]) for texts in heard.values() for text in texts)


def test_another_market_refuses_every_position_of_the_first(serve, before):
    """Once its numbers have passed them too; each protocol says why in its own way."""
    heard = before(7)
    _, url = serve("--seed", 8, *MARKET)
    refuse(url, dict.fromkeys(PROTOCOLS, f"{10**12}-00000000"), "is ahead of this server")
    wait_for(url, newest(heard))
    positions = {name: position(texts[-1]) for name, texts in heard.items()}
    refuse(url, positions, "is of another history: this is not the market you saw")


def refuse(url, positions, complaint):
    """The answer to each position is this complaint, and nothing of the stream comes before it."""
    for name, since in positions.items():
        with listen(url, name, since) as socket:
            while "error" not in (text := socket.recv(PATIENCE_SECONDS)):
                assert json.loads(text)["type"] in {"welcome", "auth"}
            assert f"since={since} {complaint}" in text


def test_the_same_market_goes_on_where_it_was(serve, before):
    """Byte for byte what the first one said after that position, in every protocol; then it goes on."""
    heard = before(7)
    _, url = serve("--seed", 7, *MARKET)
    wait_for(url, newest(heard))
    for name, texts in heard.items():
        at = len(texts) // 2
        # Of several messages of one event all come once more but those of the position's own.
        while position(texts[at]) == position(texts[at + 1]):
            at += 1
        missed = texts[at + 1 :]
        with listen(url, name, position(texts[at])) as socket:
            assert data(socket, len(missed) + 20)[: len(missed)] == missed, name


class Moved:
    """Stands in for the network: the address stays when the server that it leads to is another one."""

    def __init__(self, url):
        self._url = url
        self._arrived = anyio.Event()
        self._arrived.set()

    def gone(self):
        """Nobody is there; who connects waits."""
        self._arrived = anyio.Event()

    def to(self, url):
        """It leads there from now on."""
        self._url = url
        self._arrived.set()

    async def _there(self, address):
        await self._arrived.wait()
        return urlsplit(address)._replace(netloc=urlsplit(self._url).netloc).geturl()

    @asynccontextmanager
    async def open(self, address, subprotocols):
        async with open_socket(await self._there(address), None, subprotocols) as socket:
            yield socket

    async def post(self, address, headers):
        post = poster(None)
        return await post(await self._there(address), headers)


class Follower:
    """A client of one protocol: what it has heard, and when it had enough."""

    def __init__(self, name):
        self.items = []
        self.warm = anyio.Event()
        self._name = name
        self._channels = {"tradyn": ["quotes"], "rails": ["trades", "book"]}.get(name, ["quotes", "trades"])

    async def run(self, url, network):
        """Listen until the server has ended, and to the next one for a while."""
        heard = 0
        options = {"symbols": ["BTC-USD"], "channels": self._channels, "dialect": self._name}
        path = PROTOCOLS[self._name][0].partition("?")[0]
        async with connect(f"{url}{path}", open_socket=network.open, post=network.post, **options) as feed:
            async for item in feed:
                self.items.append(item)
                heard = 0 if isinstance(item, Disconnected) else heard + isinstance(item, Event)
                if heard > 100:
                    self.warm.set()
                if heard > 20 and self.disconnected:
                    return

    @property
    def disconnected(self):
        return any(isinstance(item, Disconnected) for item in self.items)

    @property
    def since(self):
        """What has been told of its connections since the first one ended."""
        states = [item for item in self.items if isinstance(item, Connected | Disconnected | Gap)]
        ended = next(at for at, item in enumerate(states) if isinstance(item, Disconnected))
        return states[ended + 1 :]

    @property
    def newest(self):
        return max(item.seq for item in self.items if isinstance(item, Event))


@pytest.mark.parametrize(("seed", "resumes"), [(7, True), (8, False)])
def test_the_client_library_goes_on_or_tells_of_a_gap(serve, seed, resumes):
    """In every protocol: never is one market joined to another, and the same one without a gap."""

    async def main():
        first, url = serve("--seed", 7, *MARKET)
        network, followers = Moved(url), {name: Follower(name) for name in PROTOCOLS}
        with anyio.fail_after(2 * PATIENCE_SECONDS):
            async with anyio.create_task_group() as tasks:
                for follower in followers.values():
                    tasks.start_soon(follower.run, url, network)
                for follower in followers.values():
                    await follower.warm.wait()
                network.gone()
                kill(first)
                _, again = await anyio.to_thread.run_sync(lambda: serve("--seed", seed, *MARKET))
                newest = max(follower.newest for follower in followers.values())
                await anyio.to_thread.run_sync(wait_for, again, newest)
                network.to(again)
        return {name: follower.since for name, follower in followers.items()}

    for name, told in anyio.run(main).items():
        gaps = [item for item in told if isinstance(item, Gap)]
        connections = [item for item in told if isinstance(item, Connected)]
        if resumes:
            assert gaps == [], name
            assert all(item.resumed_after for item in connections), name
        else:
            assert all("this is not the market you saw" in gap.reason for gap in gaps), name
            assert gaps, name
            assert all(item.resumed_after is None for item in connections), name
