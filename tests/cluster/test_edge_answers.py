"""What an edge answers by request: reads as the sequencer does, and how far behind it is."""

import json
from random import Random

import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, ask
from followed_servers import followed, played, token

from feed.sim.run_status import RunState

AWAY = "The server that has the market is away; nothing was changed"


async def test_reads_are_answered_alike(autojump_clock):
    """Public ones and those of an account, at an edge that joined late too."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        await servers.join()
        await servers.play(rows[:1000], Random(1))
        late = await servers.join()
        await servers.play(rows[1000:], Random(2))
        for path, headers in {
            "/binance/api/v3/depth?symbol=BTCUSDT": {},
            "/binance/api/v3/klines?symbol=BTCUSDT&interval=1s": {},
            "/kraken/0/public/Trades?pair=XBTUSD": {},
            "/v1/api/positions": BEARER,
            "/v1/api/account": BEARER,
            "/instruments": {},
        }.items():
            answers = [await ask(one.connect(), path, **headers) for one in servers.every]
            assert answers[0][0] in (200, 404), path
            assert [(status, body) for status, _, body in answers] == [(answers[0][0], answers[0][2])] * 4
        _, _, positions = await ask(late.connect(), "/v1/api/positions", **BEARER)
        assert "BTC-USD" in json.dumps(positions)


@pytest.mark.parametrize(
    ("path", "body", "headers"),
    [
        (
            "/guide/api/v1/alerts",
            {"symbol": "BTC-USD", "condition": "price_above", "threshold": "1"},
            API_KEY,
        ),
        ("/guide/api/v1/webhooks", {"url": "https://example.com/", "channels": ["alerts"]}, API_KEY),
        ("/admin/faults", {"kind": "mute", "name": "slow"}, ADMIN),
    ],
)
async def test_without_a_way_to_the_market_a_change_is_refused(autojump_clock, path, body, headers):
    """With 503, which says why; nothing has changed, at either server, and reads are answered as ever."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        edge.link.cut = True
        told = json.dumps(body).encode()
        status, _, answer = await ask(edge.connect(), path, method="POST", body=told, **headers)
        assert (status, AWAY in json.dumps(answer)) == (503, True), answer
        assert (await ask(edge.connect(), path, **headers))[0] == 503
        _, _, answer = await ask(servers.sequencer.connect(), path, **headers)
        assert not (answer["faults"] if isinstance(answer, dict) else answer)
        assert (await ask(edge.connect(), "/v1/api/account", **BEARER))[0] in (200, 404)


async def test_orders_are_refused_as_by_a_market_that_takes_none(autojump_clock):
    """By HTTP and on a connection; steering is answered as for a market that nobody can steer."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        body = b'{"symbol":"EURUSD","action":"buy","volume":0.1}'
        asked = [
            await ask(one.connect(), "/v1/api/trade", method="POST", body=body, **BEARER)
            for one in (servers.plain, edge)
        ]
        assert [(status, answer) for status, _, answer in asked] == [(asked[0][0], asked[0][2])] * 2
        assert asked[0][0] >= 400
        status, _, _ = await ask(edge.connect(), "/admin/clock", **ADMIN)
        assert status == 404
        client = edge.connect()
        await client.upgrade("/rails?market=BTC-USD", Sec_WebSocket_Protocol=f"authorization#{token()}")
        order = {"side": "BUY", "type": "MARKET", "quantity": "0.01", "clientOrderId": "a"}
        await client.send({"message": "createOrder", "content": order})
        assert (await client.message())["data"]["statusCode"] >= 400


async def test_a_token_is_good_at_each_server(autojump_clock):
    """One that an edge gave out is taken by the others."""
    opening, _ = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        headers = {"X-Api-Key": API_KEY["X-API-Key"], "X-Api-Secret": "demo-secret"}
        status, _, answer = await ask(edge.connect(), "/api/v1/token", method="POST", **headers)
        assert status in (200, 201)
        for one in servers.every:
            client = one.connect()
            word = f"authorization#{answer['access_token']}"
            assert (await client.upgrade("/rails?market=BTC-USD", Sec_WebSocket_Protocol=word))[0] == 101


async def readiness(edge):
    """Status of ``/readyz``, what is wrong, and whether ``/healthz`` calls it degraded."""
    status, _, ready = await ask(edge.connect(), "/readyz")
    _, _, health = await ask(edge.connect(), "/healthz")
    wrong = ready["error"]["message"] if "error" in ready else ready.get("problems", [])
    return status, wrong, health["status"]


async def figure(edge, name):
    """One of ``/metrics``."""
    _, _, text = await ask(edge.connect(), "/metrics")
    return next(float(line.split()[-1]) for line in text.decode().splitlines() if line.startswith(name))


async def test_an_edge_says_how_far_it_is_behind(autojump_clock):
    """``/readyz`` answers 503 past ``lag_seconds``, connected or not, and 200 again when it is there."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        await trio.sleep(1)
        assert await readiness(edge) == (200, [], "ok")
        assert await figure(edge, "feed_edge_lag_events") == 0
        edge.link.cut = True
        await trio.sleep(3)
        assert await readiness(edge) == (200, ["not connected to unix:test"], "degraded")
        assert await figure(edge, "feed_edge_connected") == 0
        await trio.sleep(3.2)
        assert await readiness(edge) == (503, "6.2 s behind unix:test", "degraded")
        edge.link.cut = False
        await trio.sleep(1)
        assert await readiness(edge) == (200, [], "ok")
        edge.link.held = trio.Event()
        servers.sequencer.script.play(*rows[:100])
        await trio.sleep(10)
        status, wrong, _ = await readiness(edge)
        assert (status, wrong.endswith("s behind unix:test")) == (503, True)
        assert await figure(edge, "feed_edge_lag_events") == 100
        assert 9 < await figure(edge, "feed_edge_lag_seconds") < 11
        edge.link.held.set()
        await trio.sleep(1)
        assert await readiness(edge) == (200, [], "ok")
        assert await figure(edge, "feed_edge_place") == len(servers.log.blocks)
        assert edge.link.reports[-1].seq == len(opening) + 100


async def test_the_phase_is_the_sequencers(autojump_clock):
    """What the newest block says that the market is doing."""
    opening, rows = played(8)
    async with followed(opening) as servers:
        edge = await servers.join()
        servers.log.phase = RunState.PAUSED
        servers.sequencer.script.play(*rows[:10])
        await trio.sleep(1)
        _, _, ready = await ask(edge.connect(), "/readyz")
        assert ready["state"] == "paused"
