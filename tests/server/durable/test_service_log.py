"""Changes beside the market: durable before anybody is told, and refused while the disk takes nothing."""

import itertools
import json
import math
from urllib.parse import urlencode

import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, ask
from binance_server import KEYS, exchange
from entry_logs import MemoryLog
from kraken_server import kraken_exchange, signature

from feed.server.durable.kinds import NONCE

ALERTS = "/guide/api/v1/alerts"
WEBHOOKS = "/guide/api/v1/webhooks"
LISTEN = "revision=2025-12-31"
ALERT = {"condition": "price_above", "symbol": "EURUSD", "threshold": "1.08500"}
WEBHOOK = {"url": "https://example.com/a", "channels": ["alerts"]}
PLACES = {"alert": (ALERTS, API_KEY), "webhook": (WEBHOOKS, API_KEY), "fault": ("/admin/faults", ADMIN)}
FAULT = {"name": "slow", "kind": "latency", "latency_ms": 5}


async def request(server, method, path, *, body=None, keyed=API_KEY):
    content = b"" if body is None else json.dumps(body).encode()
    return (await ask(server.connect(), path, method=method, body=content, **keyed))[::2]


async def make(server, what):
    """One change of each kind."""
    path, body, keyed = {
        "alert": (ALERTS, ALERT, API_KEY),
        "webhook": (WEBHOOKS, WEBHOOK, API_KEY),
        "fault": ("/admin/faults", FAULT, ADMIN),
    }[what]
    return await request(server, "POST", path, body=body, keyed=keyed)


@pytest.mark.parametrize("what", ["alert", "webhook", "fault"])
async def test_an_answer_waits_until_what_it_says_is_durable(open_server, what):
    """And so does that of whoever looks at it meanwhile; nobody else waits."""
    entry_log = MemoryLog(seconds=2)
    async with open_server(entry_log=entry_log) as server:
        began = trio.current_time()
        took = {}

        async def timed(name, asked):
            await asked
            took[name] = trio.current_time() - began

        async with trio.open_nursery() as nursery:
            nursery.start_soon(timed, "made", make(server, what))
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(timed, "another", request(server, "GET", "/api/v1/symbols", keyed=BEARER))
            path, keyed = PLACES[what]
            nursery.start_soon(timed, "listed", request(server, "GET", path, keyed=keyed))
        assert entry_log.kinds == [what]
        assert took.pop("another") < 1
        assert all(2 <= seconds < 3 for seconds in took.values())
        waits = entry_log.waits
        await request(server, "GET", ALERTS)
        assert entry_log.waits == waits


@pytest.mark.parametrize("what", ["alert", "webhook", "fault"])
async def test_a_full_disk_refuses_a_change_and_nothing_is_changed(open_server, what):
    """In the protocol's words, with 503; what was there before cannot be removed either."""
    entry_log = MemoryLog()
    async with open_server(entry_log=entry_log) as server:
        entry_log.full = True
        status, found = await make(server, what)
        assert status == 503
        assert "The disk takes nothing now; nothing was changed" in json.dumps(found)
        path, keyed = PLACES[what]
        status, found = await request(server, "GET", path, keyed=keyed)
        assert (status, found["faults"] if what == "fault" else found) == (200, [])
        entry_log.full = False
        status, made = await make(server, what)
        assert status in (200, 201)
        named = {
            "alert": lambda: f"id={made['id']}",
            "webhook": lambda: f"id={made['webhook']['id']}",
            "fault": lambda: f"name={made['name']}",
        }[what]()
        entry_log.full = True
        status, _ = await request(server, "DELETE", f"{path}?{named}", keyed=keyed)
        assert status == 503
        entry_log.full = False
        status, _ = await request(server, "DELETE", f"{path}?{named}", keyed=keyed)
        assert status == 200


async def test_a_disk_that_answers_too_late_is_told_of(open_server):
    """The change may still be kept; the request has not hung."""
    async with open_server(entry_log=MemoryLog(seconds=math.inf)) as server:
        status, found = await make(server, "alert")
        assert status == 503
        assert "The disk has not answered in time; the change may still be kept" in json.dumps(found)


async def test_a_listen_key_is_refused_while_the_disk_takes_nothing(autojump_clock):
    """In the exchange's words; there is no key then, and none ends."""
    entry_log = MemoryLog()
    async with exchange(entry_log=entry_log) as server:
        entry_log.full = True
        status, _, found = await server.send("POST", "api/v3/userDataStream", LISTEN, key=KEYS["alice"])
        assert status == 503
        assert "listenKey" not in found
        entry_log.full = False
        status, _, found = await server.send("POST", "api/v3/userDataStream", LISTEN, key=KEYS["alice"])
        entry_log.full = True
        named = f"listenKey={found['listenKey']}&{LISTEN}"
        for method, good in itertools.product(("PUT", "DELETE"), (False, True)):
            entry_log.full = not good
            status, *_ = await server.send(method, "api/v3/userDataStream", named, key=KEYS["alice"])
            assert status == (200 if good else 503)


async def test_a_nonce_joins_the_batch_of_its_request(autojump_clock):
    """It is recorded before the request acts, and no answer waits for it alone."""
    entry_log = MemoryLog(seconds=3)
    async with kraken_exchange(entry_log=entry_log) as server:
        began = trio.current_time()
        await server.ask("alice", "Balance", nonce="5")
        assert (entry_log.entries, trio.current_time()) == ([], began)
        await server.order(nonce="6", price="1000.0")
        assert (entry_log.waits, trio.current_time()) == (0, began)
        (entry,) = entry_log.entries
        assert (entry.kind, entry.data["nonce"]) == (NONCE, 6)
        await server.ask("bob", "Balance", nonce="7")
        await trio.sleep(5)
        assert [entry.data["nonce"] for entry in entry_log.entries] == [6, 7]
        assert entry_log.hurried == [False, True]


async def test_an_order_does_not_act_whose_nonce_cannot_be_recorded(autojump_clock):
    """It is refused in the exchange's words; one that changes nothing is answered."""
    entry_log = MemoryLog()
    async with kraken_exchange(entry_log=entry_log) as server:
        entry_log.full = True
        terms = {"pair": "XBTUSD", "type": "buy", "ordertype": "market", "volume": "0.01"}
        body = urlencode({"nonce": "1", **terms}).encode()
        sign = signature("/0/private/AddOrder", "1", body)
        refused = await server.post("AddOrder", body, key=KEYS["alice"], sign=sign)
        assert refused == (503, {"error": ["EService:Unavailable"]})
        assert (await server.ask("alice", "Balance", nonce="2"))["error"] == []
        entry_log.full = False
        assert await server.result("alice", "OpenOrders", nonce="3") == {"open": {}}
        assert await server.result("alice", "TradesHistory", nonce="4") == {"count": 0, "trades": {}}
