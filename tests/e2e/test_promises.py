"""The examples in the docstrings, run as they are printed."""

import inspect
import json
import sys
import textwrap

import pytest
import websockets.sync.client
from ports import free_port

import feed.client
import feed.testing
from feed.testing import FeedServer

pytestmark = pytest.mark.e2e


def example(module):
    """The code in a module's docstring."""
    lines = inspect.getdoc(module).split("::\n", 1)[1].splitlines()
    code = []
    for line in lines:
        if line and not line.startswith(" "):
            break
        code.append(line)
    return textwrap.dedent("\n".join(code)).strip()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_the_ten_lines_keep_printing_across_a_restart(run, backend):
    """On both loops: the server goes away and comes back, and prices with it."""
    code = example(feed.client).replace("anyio.run(main)", f"anyio.run(main, backend={backend!r})")
    port = free_port()
    with FeedServer(speed=10, port=port):
        client = run(sys.executable, "-u", "-c", code.replace("8080", str(port)))
        before = [client.line().split() for _ in range(3)]
    with FeedServer(speed=10, seed=2, port=port) as second:
        while not second.visits:
            client.line()
        while not second.visits[0].asked("subscribe"):
            client.line()
        after = [client.line().split() for _ in range(3)]
    for symbol, bid, ask in before + after:
        assert symbol in {"EURUSD", "BTC-USD"}
        assert 0 < float(bid) < float(ask)
    assert client.errors == ""


def my_bot(url, key):
    """Sells once a price is a twentieth below the first."""
    first = None
    with websockets.sync.client.connect(url, close_timeout=0.1) as socket:
        socket.send(json.dumps({"type": "auth", "apiKey": key}))
        socket.send(json.dumps({"type": "subscribe", "symbol": "BTC-USD"}))
        while True:
            said = json.loads(socket.recv(60))
            if said["type"] == "tick":
                first = first or said["bid"]
                if said["bid"] < 0.95 * first:
                    return "sold"


namespace = {"pytest": pytest, "my_bot": my_bot}
exec(example(feed.testing), namespace)
test_the_three_lines_of_the_documentation = namespace["test_my_bot_sells_in_a_crash"]
