"""Requests by HTTP that come to an edge and are answered where the market is."""

import json
from random import Random

import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, ask
from block_logs import open_edge
from followed_servers import followed, played
from kraken_server import signature
from scripts import Script
from sequenced_servers import open_sequencer

from feed import Settings
from feed.cluster.calls import EdgeCalls
from feed.dialects.access import Problem
from feed.server.http.app import all_endpoints
from feed.server.key_secrets import demo_secret
from feed.server.keys import DEMO_KEYS
from feed.settings import Web

ALERTS = "/guide/api/v1/alerts"
ALERT = json.dumps({"symbol": "BTC-USD", "condition": "price_above", "threshold": "64250"}).encode()
POSITIONS = "/v1/api/positions"
ORDER = json.dumps({"symbol": "EURUSD", "action": "buy", "volume": 0.1}).encode()


async def clock(server, **command):
    """Steer the market at a server, or ask where it stands."""
    method = "POST" if command else "GET"
    body = json.dumps(command).encode() if command else b""
    status, _, found = await ask(server.connect(), "/admin/clock", method=method, body=body, **ADMIN)
    assert status == 200, found
    return found


async def test_an_answer_is_not_older_than_what_it_depends_on(autojump_clock):
    """Who has one knows that the server which gave it has published what it speaks of."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        edge.link.held = trio.Event()
        servers.sequencer.script.play(*rows[:300])
        await trio.sleep(1)
        answered = trio.Event()

        async def make():
            status, _, _ = await ask(edge.connect(), ALERTS, method="POST", body=ALERT, **API_KEY)
            assert status == 200
            answered.set()

        servers.nursery.start_soon(make)
        await trio.sleep(2)
        assert len(servers.sequencer.context.alerts.book) == 1
        assert not answered.is_set()
        edge.link.held.set()
        await answered.wait()
        assert len(edge.context.alerts.book) == 1
        assert edge.context.fanout.hub.seq == len(opening) + 300


async def test_it_is_answered_also_when_the_market_has_ended(autojump_clock):
    """And known, as what was asked for before."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        servers.sequencer.script.play(*rows[:300])
        await trio.sleep(1)
        await servers.log.append([], made=0, stood=0, ended=True)
        await trio.sleep(1)
        status, _, _ = await ask(edge.connect(), ALERTS, method="POST", body=ALERT, **API_KEY)
        assert status == 200
        assert len(edge.context.alerts.book) == 1


async def test_an_order_by_http_has_acted_where_it_was_placed(autojump_clock):
    """At an edge, which takes none itself; whoever asks there next sees it."""
    settings = Settings(seed=3, instruments=2)
    async with open_sequencer(settings) as sequencer, open_edge(sequencer.link()) as edge:
        await trio.sleep(5)
        status, _, _ = await ask(edge.connect(), "/v1/api/trade", method="POST", body=ORDER, **BEARER)
        assert status == 200
        shown = [(await ask(one.connect(), POSITIONS, **BEARER))[2] for one in (edge, sequencer)]
        assert shown[0] == shown[1] != []


async def balance(server, nonce):
    """What Kraken's private API says to a signed request."""
    known = next(one for one in DEMO_KEYS if one.grant.dialects == ("kraken",))
    body = f"nonce={nonce}".encode()
    fields = {
        "API_Key": known.key,
        "API_Sign": signature("/0/private/Balance", nonce, body, demo_secret(known)),
        "Content_Type": "application/x-www-form-urlencoded",
    }
    path = "/kraken/0/private/Balance"
    _, _, found = await ask(server.connect(), path, method="POST", body=body, **fields)
    return found["error"]


async def test_a_nonce_is_good_once_at_all_servers(autojump_clock):
    """They are remembered where the market is, and nowhere else."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        one, other = await servers.join(), await servers.join()
        asked = ((one, "5"), (other, "5"), (servers.sequencer, "5"), (other, "6"), (one, "6"))
        again = ["EAPI:Invalid nonce"]
        assert [await balance(server, nonce) for server, nonce in asked] == [[], again, again, [], again]


async def test_the_market_is_steered_from_an_edge(autojump_clock):
    """It is paused, steps and goes on, and the edge has all that the answer says."""
    settings = Settings(seed=3, instruments=2)
    async with open_sequencer(settings) as sequencer, open_edge(sequencer.link()) as edge:
        await trio.sleep(5)
        paused = await clock(edge, action="pause")
        assert (paused["state"], paused["seq"]) == ("paused", edge.context.fanout.hub.seq)
        stepped = await clock(edge, action="step", events=10)
        assert stepped["seq"] >= paused["seq"] + 10
        assert edge.context.fanout.hub.seq == stepped["seq"] == (await clock(sequencer))["seq"]
        await trio.sleep(1)
        assert (await clock(edge))["seq"] == stepped["seq"]
        assert (await clock(edge, action="resume"))["state"] == "running"


async def test_nothing_is_sent_where_there_is_no_way(autojump_clock):
    """The refusal comes at once."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        edge.link.cut = True
        began = trio.current_time()
        status, _, body = await ask(edge.connect(), "/kraken/0/private/Balance", method="POST", body=b"a=1")
        assert (status, body) == (503, {"error": ["EService:Unavailable"]})
        assert trio.current_time() == began


async def test_whoever_waits_too_long_is_told_that_it_may_still_act(autojump_clock):
    """Before the time of the request is over; it has acted here."""
    opening, _ = played(8)
    async with followed(opening, settings=Settings(web=Web(request_seconds=8))) as servers:
        edge = await servers.join()
        edge.link.silent = True
        began = trio.current_time()
        status, _, body = await ask(edge.connect(), ALERTS, method="POST", body=ALERT, **API_KEY)
        assert (status, body["error"]["code"]) == (503, "timeout")
        assert "the request may still act" in body["error"]["message"]
        assert trio.current_time() - began == 6
        assert len(servers.sequencer.context.alerts.book) == 1


async def test_an_answer_that_has_come_is_given(autojump_clock):
    """Also by a server that is too far behind: it says what was done."""
    opening, rows = played(8)
    async with followed(opening, settings=Settings(web=Web(request_seconds=8))) as servers:
        edge = await servers.join()
        edge.link.held = trio.Event()
        began = trio.current_time()
        status, _, _ = await ask(edge.connect(), ALERTS, method="POST", body=ALERT, **API_KEY)
        assert (status, trio.current_time() - began) == (200, 6)
        assert len(edge.context.alerts.book) == 0
        edge.link.held.set()
        await servers.play(rows, Random(1))
        assert len(edge.context.alerts.book) == 1


class Nowhere:
    """A link over which no answer comes."""

    async def call(self, call):
        await trio.sleep_forever()


async def test_so_many_wait_at_a_time(autojump_clock):
    """One more is refused at once; those that have gone away make room."""
    calls = EdgeCalls(Nowhere(), None, seconds=5)
    refused = []

    async def one():
        with pytest.raises(Problem) as refusal:
            await calls(None)
        refused.append((trio.current_time(), refusal.value.code))

    began = trio.current_time()
    for _ in range(2):
        async with trio.open_nursery() as nursery:
            for _ in range(1001):
                nursery.start_soon(one)
        assert refused[0] == (began, "unavailable")
        assert refused[1:] == [(began + 5, "timeout")] * 1000
        began, refused = trio.current_time(), []


def test_further_paths_can_be_answered_there():
    """Such as figures, where one port stands for several processes."""
    calls = EdgeCalls(Nowhere(), None, seconds=5, also={"/metrics"})
    wanted = {one.path for one in all_endpoints(Script().listing, Web()) if calls.wants(one)}
    assert {"/metrics", "/admin/clock", ALERTS} <= wanted
    assert "/healthz" not in wanted
