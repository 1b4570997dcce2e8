"""The status page and its JSON: phase, incidents, maintenance, and whether all is well."""

import trio
from asking import ask
from scripts import Script, quote

from feed.faults.contract import FaultPlan
from feed.model.events import STATUS, Status
from feed.model.faults import Delay, Disconnect, Restart

SECOND = 1_000_000_000
MINUTE = 60 * SECOND

PLAN = FaultPlan(
    faults=(
        Delay(at=MINUTE, duration=MINUTE, delay=SECOND),
        Restart(at=3 * MINUTE, duration=MINUTE),
        Disconnect(at=5 * MINUTE),
        Restart(at=10 * MINUTE),
    ),
    start=0,
)


async def status(server):
    code, headers, body = await ask(server.connect(), "/status.json")
    assert (code, headers["content-type"]) == (200, "application/json")
    return body


async def happen(server, *rows):
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def test_a_quiet_market_is_operational(server):
    """Nothing goes wrong, nothing is planned; nobody has listened, so nothing was late."""
    assert await status(server) == {
        "status": "operational",
        "market": {
            "phase": "running",
            "time": "1970-01-01T00:00:00.000Z",
            "seq": 3,
            "instruments": 3,
            "halted": [],
        },
        "incidents": [],
        "maintenance": [],
        "problems": [],
        "latency_ms": {"p50": 0.0, "p99": 0.0},
    }


async def test_incidents_and_maintenance_are_those_of_the_scenario(open_server):
    """Degraded while one goes on, under maintenance during a restart; what is ahead is planned."""
    async with open_server(plan=PLAN) as server:
        found = await status(server)
        assert found["status"] == "operational"
        assert found["maintenance"] == [
            {"starts": "1970-01-01T00:03:00.000Z", "ends": "1970-01-01T00:04:00.000Z"},
            {"starts": "1970-01-01T00:10:00.000Z", "ends": None},
        ]
        await happen(server, quote(0, 101, ts=MINUTE + 1), (STATUS, 1, MINUTE + 1, int(Status.HALTED)))
        found = await status(server)
        assert (found["status"], found["market"]["halted"]) == ("degraded", ["GBPUSD"])
        assert found["incidents"] == [
            {"name": "delay", "started": "1970-01-01T00:01:00.000Z", "state": "active", "connections": 0}
        ]
        await happen(server, quote(0, 102, ts=3 * MINUTE + 1))
        found = await status(server)
        assert found["status"] == "maintenance"
        assert [(one["name"], one["state"]) for one in found["incidents"]] == [
            ("restart", "active"),
            ("delay", "over"),
        ]
        assert len(found["maintenance"]) == 1
        await happen(server, quote(0, 103, ts=6 * MINUTE))
        found = await status(server)
        assert [(one["name"], one["state"]) for one in found["incidents"]] == [
            ("disconnect", "over"),
            ("restart", "over"),
            ("delay", "over"),
        ]
        assert found["status"] == "operational"


async def test_a_market_that_is_over_has_ended(server):
    """Whoever looks is told so."""
    server.context.registry.ended.set()
    found = await status(server)
    assert (found["status"], found["market"]["phase"]) == ("ended", "ended")


async def test_there_is_a_page_for_people(open_server):
    """The same in HTML; in JSON for who asks for that."""
    async with open_server(plan=PLAN) as server:
        await happen(server, quote(0, 101, ts=MINUTE + 1))
        code, headers, body = await ask(server.connect(), "/status")
        assert (code, headers["content-type"]) == (200, "text/html; charset=utf-8")
        page = body.decode()
        assert "<h1>degraded</h1>" in page
        assert "<tr><td>delay<td>1970-01-01T00:01:00.000Z<td>active<td>0" in page
        assert "<tr><td>1970-01-01T00:10:00.000Z<td>not known" in page
        code, headers, body = await ask(server.connect(), "/status", Accept="application/json")
        assert (code, headers["content-type"]) == (200, "application/json")
        assert body == await status(server)


async def test_coverage_says_what_there_is_and_how_late(open_server):
    """Every instrument with its channels, nothing held back; who may hear which kind."""
    script = Script()
    async with open_server(script=script) as server:
        client = await server.upgraded("/ws")
        await client.send({"type": "subscribe", "channels": ["ticker_eurusd"]})
        await client.messages(2)
        await happen(server, quote(0, 200, ts=SECOND))
        code, _, found = await ask(server.connect(), "/guide/api/v1/coverage")
        assert code == 200
        assert found["kinds"]["premium"] == ["signals"]
        assert found["kinds"]["private"] == ["alerts", "orders", "positions", "balances"]
        assert "candles_1d" in found["kinds"]["public"]
        assert 0 < found["latency_ms_p50"] <= found["latency_ms_p99"]
        first = found["instruments"][0]
        assert (first["symbol"], first["status"], first["delayed"], first["delay_ms"]) == (
            "EURUSD",
            "active",
            False,
            0,
        )
        assert {"ticker_eurusd", "book3_eurusd", "alerts_eurusd"} <= set(first["channels"])
        assert len(found["instruments"]) == len(script.listing)
