"""A server whose market has agents: whoever watches it sees that one has stopped."""

import json
import sys
from contextlib import asynccontextmanager

import pytest
import structlog
import trio
import virtual
from asking import ask
from railway import RING, SIGNING_KEY, Railway

from feed import Settings
from feed.server.playout import Playout
from feed.server.server_context import ServerContext

SCENARIO = """\
format = 1
name = "small"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "1m"

[market]
count = 3

[[market.agents]]
participant = "served_agents_of_a_test:Quits"
name = "quitter"
"""
CODE = """\
from feed.agents import Agent

class Quits(Agent):
    def on_start(self, context):
        context.set_timer(10**9)

    def on_timer(self, context):
        raise RuntimeError("/home/me/secret")
"""


@pytest.fixture
def scenario(tmp_path, monkeypatch):
    """A scenario file, and the code that it names beside it."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "served_agents_of_a_test.py").write_text(CODE, encoding="utf-8")
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    yield path
    sys.modules.pop("served_agents_of_a_test", None)


@asynccontextmanager
async def served(settings):
    """A server but for its sockets."""
    playout = Playout(settings)
    server = ServerContext(settings, playout.source, RING, playout.plan, signing_key=SIGNING_KEY)
    send, receive = trio.open_memory_channel(settings.flow.channel_batches)
    async with trio.open_nursery() as nursery:
        await playout.open(server.fanout)
        nursery.start_soon(server.fanout.run, receive)
        nursery.start_soon(playout.run, send, server.fanout)
        yield Railway(server, playout.source, nursery, settings.limits)
        nursery.cancel_scope.cancel()


def test_an_agent_that_stopped_is_logged_once_and_named_by_the_probes(scenario):
    """The market goes on; what the exception said is for the log alone."""

    async def main():
        async with served(Settings(scenario=str(scenario), speed=1)) as open_:
            asked = [(await ask(open_.connect(), "/healthz"))[::2]]
            await trio.sleep(2)
            paths = ("/healthz", "/readyz", "/status.json")
            asked += [(await ask(open_.connect(), path))[::2] for path in paths]
            before = open_.script.control.status().market_time
            await trio.sleep(2)
            return asked, open_.script.control.status().market_time - before

    with structlog.testing.capture_logs() as logs:
        asked, passed = virtual.run(main)
    said = ["agent quitter has stopped: RuntimeError"]
    assert asked[0] == (200, {"status": "ok"})
    assert asked[1] == (200, {"status": "degraded", "problems": said})
    assert (asked[2][0], asked[2][1]["problems"]) == (200, said)
    assert "secret" not in json.dumps(asked)
    assert passed > 10**9
    [line] = [line for line in logs if line["event"] == "an agent has stopped"]
    assert (line["agent"], line["error"], line["log_level"]) == (
        "quitter",
        "RuntimeError: /home/me/secret",
        "error",
    )
    assert line["where"] == "served_agents_of_a_test.py:8"
