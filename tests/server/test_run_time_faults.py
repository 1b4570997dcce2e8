"""Faults that are added, listed and removed while a server runs, as administrators and clients meet them."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import get_args

import msgspec
import pytest
import structlog
import trio
from asking import ADMIN, API_KEY, ask
from clients import PING, PONG, Closed, frame
from networks import started
from scripts import quote

import feed.faults
from feed import Limits, Settings
from feed.faults.runtime import MOST_FAULTS
from feed.scenario.schema import VERBS
from feed.server.http.fault_kinds import AnyFault

SECOND = 1_000_000_000
START = 10**18
KINDS = {kind.__struct_config__.tag: kind for kind in get_args(AnyFault)}
GUIDE = {"op": "subscribe", "channel": "ticker", "symbol": "EURUSD", "apiKey": API_KEY["X-API-Key"]}


class Operator:
    """Who sets faults by HTTP."""

    def __init__(self, server):
        self.server = server

    async def ask(self, method="GET", path="/admin/faults", body=None, **headers):
        status, _, answer = await ask(
            self.server.connect(),
            path,
            method=method,
            body=json.dumps(body).encode() if body else b"",
            **(headers or ADMIN),
        )
        return status, answer

    async def add(self, name, kind, **fields):
        status, answer = await self.ask("POST", body={"name": name, "kind": kind, **fields})
        assert status == 201, answer
        return answer

    async def remove(self, name):
        status, answer = await self.ask("DELETE", f"/admin/faults?name={name}")
        assert status == 200, answer
        return answer

    async def names(self):
        return [fault["name"] for fault in (await self.ask())[1]["faults"]]


@pytest.fixture
async def operator(server):
    return Operator(server)


def tick(bid, index=0):
    return quote(index, bid, ts=START)


def bids(messages):
    return [round(message["bid"] * 100_000) for message in messages]


async def until_quiet(client, seconds=1.0):
    """Bids of the ticks that come before a silence."""
    found = []
    while True:
        with trio.move_on_after(seconds):
            found.append(await client.message())
            continue
        return bids(found)


# --- the interface -----------------------------------------------------------------------------------


async def test_a_fault_is_added_listed_and_removed(operator):
    """One by its name, all of them, and what became of each; then there are none."""
    assert await operator.ask() == (200, {"name": "faults", "data": [], "faults": []})
    added = await operator.add("slow", "latency", latency_ms=5, aim={"dialect": "guide", "fraction": 0.5})
    assert added == {
        "name": "slow",
        "kind": "latency",
        "settings": {"latency_ms": 5.0, "jitter_ms": 0},
        "aim": {"dialect": "guide", "fraction": 0.5},
        "duration_seconds": None,
        "seconds_left": None,
        "seq": 3,
        "market_time": added["market_time"],
        "connections": 0,
        "refused": 0,
        "over": False,
    }
    await operator.add("away", "mute", duration_seconds=60)
    assert await operator.names() == ["slow", "away"]
    status, one = await operator.ask(path="/admin/faults?name=away")
    assert (status, [fault["seconds_left"] for fault in one["faults"]]) == (200, [60.0])
    assert (await operator.remove("slow"))["over"]
    assert await operator.names() == ["away"]
    status, answer = await operator.ask("POST", "/admin/faults/reset")
    assert (status, [fault["name"] for fault in answer["removed"]]) == (200, ["away"])
    assert await operator.names() == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"kind": "latencyy"},
            "Invalid value 'latencyy' - at `$.kind`; known are latency, jitter, bandwidth,",
        ),
        ({"latency_ms": 1}, "missing required field `kind`; known are latency,"),
        ({"kind": "latency"}, "missing required field `latency_ms`"),
        ({"kind": "latency", "latency_ms": 1, "latency": 1}, "unknown field `latency`"),
        ({"kind": "latency", "latency_ms": 600_001}, "<= 600000.0 - at `$.latency_ms`"),
        ({"kind": "latency", "latency_ms": -1}, ">= 0.0 - at `$.latency_ms`"),
        ({"kind": "latency", "latency_ms": "1"}, "Expected `float`, got `str` - at `$.latency_ms`"),
        ({"kind": "bandwidth", "bytes_per_second": 0}, ">= 1 - at `$.bytes_per_second`"),
        ({"kind": "gap", "messages": 1001}, "<= 1000 - at `$.messages`"),
        ({"kind": "gap", "fraction": 0}, "> 0.0 - at `$.fraction`"),
        ({"kind": "mute", "duration_seconds": 0}, "> 0.0 - at `$.duration_seconds`"),
        ({"kind": "mute", "duration_seconds": 1e9}, "at `$.duration_seconds`"),
        ({"kind": "garbage", "duration_seconds": 1}, "unknown field `duration_seconds`"),
        (
            {"kind": "disconnect", "code": 1005},
            "'code' must be 1000 to 1003, 1006 to 1014, 3000 to 4999: 1005",
        ),
        ({"kind": "disconnect", "reason": "\u00e9" * 100}, "at most 123 bytes of UTF-8"),
        ({"kind": "mute", "aim": {"fraction": 1.1}}, "<= 1.0 - at `$.aim.fraction`"),
        ({"kind": "mute", "aim": {"symbol": "EURUSD"}}, "unknown field `symbol` - at `$.aim`"),
        ({"kind": "mute", "aim": {"dialect": "fix"}}, "Unknown protocol: fix; known are "),
        ({"kind": "mute", "name": "Slow One"}, "at `$.name`"),
        ({"kind": "mute", "name": "x" * 33}, "at `$.name`"),
        ({"kind": "refuse-handshakes", "aim": {"key": "desk"}}, "'aim.key' strikes nobody here"),
        ({"kind": "mute", "name": "x\n"}, "at `$.name`"),
        ({"kind": "gap", "event": "exec"}, "'event' must be in ('add', 'reduce',"),
        ({"kind": "maintenance"}, "'aim.dialect' must say of which protocol"),
        (
            {"kind": "maintenance", "aim": {"dialect": "tradyn"}},
            "tradyn has no words for the fault 'maintenance'",
        ),
        ({"kind": "ban", "aim": {"dialect": "tradyn"}}, "'aim.key' or 'address' says who is banned"),
        ({"kind": "clock-skew", "aim": {"dialect": "tradyn"}}, "missing required field `skew_ms`"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_reason(operator, body, words):
    """400, the field and its bound, and nothing is added."""
    status, answer = await operator.ask("POST", body={"name": "x"} | body)
    assert (status, answer["error"]["code"]) == (400, "bad_request")
    assert words in answer["error"]["message"]
    assert await operator.names() == []


async def test_a_name_stands_for_one_fault(operator):
    """409 while it is at work, and free once it is over; 404 where there is none, with those there are."""
    await operator.add("x", "mute", duration_seconds=5)
    status, answer = await operator.ask("POST", body={"name": "x", "kind": "garbage"})
    assert (status, answer["error"]["message"]) == (409, "There is a fault 'x' already; remove it first")
    for method in ("GET", "DELETE"):
        status, answer = await operator.ask(method, "/admin/faults?name=y")
        assert (status, answer["error"]["message"]) == (404, "There is no fault 'y'; there are x")
    await trio.sleep(6)
    assert (await operator.ask())[1]["faults"][0]["over"]
    await operator.add("x", "garbage")
    assert (await operator.ask("DELETE"))[0] == 400


async def test_there_are_so_many_and_no_more(operator):
    """Those that are over make room, oldest first; where none is, 409."""
    await operator.add("once", "garbage")
    for at in range(MOST_FAULTS):
        await operator.add(f"f{at}", "mute")
        await trio.sleep(1)
    assert await operator.names() == [f"f{at}" for at in range(MOST_FAULTS)]
    status, answer = await operator.ask("POST", body={"name": "more", "kind": "mute"})
    assert (status, answer["error"]["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("POST", ""), ("DELETE", "?name=x"), ("POST", "/reset")]
)
async def test_faults_are_the_administrators(operator, method, path):
    """401 without a key, 403 with a client's, and 403 for other people's web pages."""
    path = f"/admin/faults{path}"
    body = {"name": "x", "kind": "mute"} if (method, path) == ("POST", "/admin/faults") else None
    assert (await operator.ask(method, path, body, X=""))[0] == 401
    assert (await operator.ask(method, path, body, **API_KEY))[0] in {401, 403}
    strange = ADMIN | {"Origin": "https://evil.example"}
    assert (await operator.ask(method, path, body, **strange))[0] == 403
    assert await operator.names() == []


async def test_faults_are_seen_in_the_log_and_in_the_figures(server, operator):
    """Who added and removed which, and whom it struck."""
    await server.subscribed("EURUSD")
    with structlog.testing.capture_logs() as logs:
        await operator.add("noise", "garbage")
        await operator.add("slow", "latency", latency_ms=1)
        await operator.remove("slow")
    told = [line for line in logs if line["event"].startswith("fault ") and "by" in line]
    assert [(line["event"], line["name"], line["kind"], line["connections"]) for line in told] == [
        ("fault added", "noise", "garbage", 1),
        ("fault added", "slow", "latency", 1),
        ("fault removed", "slow", "latency", 1),
    ]
    assert {line["by"] for line in told} == {"admin"}
    await operator.add("slow", "latency", latency_ms=1)
    _, _, figures = await ask(server.connect(), "/metrics")
    for line in (
        b'feed_run_time_fault_active{kind="garbage",name="noise"} 0.0',
        b'feed_run_time_fault_active{kind="latency",name="slow"} 1.0',
        b'feed_run_time_fault_connections_total{kind="garbage",name="noise"} 1.0',
        b'feed_run_time_fault_refused_total{kind="latency",name="slow"} 0.0',
    ):
        assert line in figures


def test_the_table_of_kinds_is_whole():
    """Each kind with its fields, and the name that a scenario has for it."""
    text = Path(feed.faults.__file__).with_name("FAULTS.md").read_text(encoding="utf-8")
    rows = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines() if line.startswith("| `")]
    assert [row[0].strip("`") for row in rows] == list(dict.fromkeys(row[0].strip("`") for row in rows))
    assert {row[0].strip("`") for row in rows} == set(KINDS)
    for row in rows:
        kind = KINDS[row[0].strip("`")]
        fields = [field.name for field in msgspec.structs.fields(kind)]
        own = set(fields) - {"name", "aim", "duration_seconds"}
        assert own == {word for word in re.findall(r"`(\w+)`", row[1]) if word in fields}
        assert VERBS[row[-1].strip("`")] is kind.model


# --- what happens to clients -------------------------------------------------------------------------


async def test_a_gap_is_as_long_as_it_says(server, operator):
    """The next messages of each instrument are lost to everybody, once, however often somebody subscribes."""
    clients = [await server.subscribed("EURUSD", "GBPUSD") for _ in range(2)]
    for client in clients:
        await client.messages(2)
    await operator.add("hole", "gap", messages=2)
    server.script.play(tick(101), tick(102), tick(103), tick(201, 1))
    assert await until_quiet(clients[0]) == [103]
    assert await until_quiet(clients[1]) == [103]
    late = await server.subscribed("EURUSD", "GBPUSD")
    await late.messages(2)
    server.script.play(tick(104), tick(202, 1), tick(203, 1))
    for client in (*clients, late):
        assert await until_quiet(client) == [104, 203]
    await operator.remove("hole")
    server.script.play(tick(105))
    assert await until_quiet(clients[0]) == [105]


async def test_a_gap_heals_when_it_is_removed(server, operator):
    """Whoever comes meanwhile is struck too; afterwards nobody is."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("hole", "gap")
    server.script.play(tick(101))
    other = await server.subscribed("EURUSD")
    server.script.play(tick(102))
    assert (await until_quiet(client), await until_quiet(other)) == ([], [101])
    assert (await operator.remove("hole"))["connections"] == 2
    server.script.play(tick(103))
    assert (await until_quiet(client), await until_quiet(other)) == ([103], [103])


async def test_latency_and_jitter_are_added_and_bandwidth_follows(server, operator):
    """The stated order: messages are lost, then late by both, then as fast as the link takes them."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("late", "latency", latency_ms=2000)
    await operator.add("shaky", "jitter", jitter_ms=1000)
    await operator.add("hole", "gap", messages=1)
    began = trio.current_time()
    server.script.play(tick(101))
    server.script.play(tick(102))
    assert bids([await client.message()]) == [102]
    assert 2 <= trio.current_time() - began <= 3
    for name in ("late", "shaky"):
        await operator.remove(name)
    await operator.add("narrow", "bandwidth", bytes_per_second=20)
    before = len(client.data)
    began = trio.current_time()
    server.script.play(tick(103))
    assert bids([await client.message()]) == [103]
    size = len(client.data) - before
    assert size / 20 - 0.1 < trio.current_time() - began < size / 20
    await operator.remove("narrow")
    began = trio.current_time()
    server.script.play(tick(104))
    assert bids([await client.message()]) == [104]
    assert trio.current_time() - began < 0.01


async def test_a_link_that_is_full_makes_a_slow_consumer(open_server):
    """What is on the way is bounded, and so is what is owed behind it: then 1013, as for a slow client."""
    settings = Settings(limits=Limits(backlog_bytes=2000))
    async with open_server(settings) as server:
        operator = Operator(server)
        client = await server.subscribed("EURUSD")
        await client.message()
        await operator.add("late", "latency", latency_ms=600_000)
        for at in range(30):
            server.script.play(tick(101 + at))
            await trio.sleep(0.001)
        assert server.ended == {}
        for at in range(30):
            server.script.play(tick(131 + at))
            await trio.sleep(0.001)
        await trio.sleep(30)
        assert server.ended == {"slow consumer": 1}


async def test_a_fault_ends_by_itself_while_the_market_stands_still(server, operator):
    """Its time is that of the clock."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("away", "mute", duration_seconds=5)
    server.script.play(tick(101))
    assert await until_quiet(client) == []
    await client.send_bytes(frame(PING, b"there?"))
    assert await client.frame() == (PONG, b"there?")
    await trio.sleep(5)
    server.script.play(tick(102))
    assert await until_quiet(client) == [102]
    (fault,) = (await operator.ask())[1]["faults"]
    assert (fault["connections"], fault["over"], fault["seconds_left"]) == (1, True, None)


async def test_half_open_loses_nothing(server, operator):
    """No byte passes, to whoever is there; afterwards everything does, in order."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("gone", "half-open")
    server.script.play(tick(101))
    assert await until_quiet(client, 10) == []
    other = await server.subscribed("EURUSD")
    assert bids([await other.message()]) == [101]
    await operator.remove("gone")
    assert await until_quiet(client) == [101]


async def test_a_reset_is_an_error_and_a_disconnection_an_end(server, operator):
    """Those who are there, once: whoever comes back is let in."""
    client, other = await server.subscribed("EURUSD"), await server.subscribed("EURUSD")
    await other.message()
    await operator.add("bye", "disconnect", code=4000, reason="enough", aim={"dialect": "tradyn"})
    assert await other.rest() == ([], 4000, "enough")
    assert (await client.rest())[1:] == (4000, "enough")
    client = await server.subscribed("EURUSD")
    assert (await operator.add("cut", "reset"))["over"]
    with pytest.raises(trio.BrokenResourceError):
        await client.rest()
    await server.subscribed("EURUSD")
    assert server.ended == {"fault: disconnect": 2, "fault: reset": 1}


async def test_garbage_and_a_frame_that_is_too_long_stand_between_ticks(server, operator):
    """Where the stream was when they were asked for."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("noise", "garbage")
    await operator.add("long", "oversized", bytes=70_000)
    server.script.play(tick(101))
    noise, long, after = [await client.text() for _ in range(3)]
    with pytest.raises(json.JSONDecodeError):
        json.loads(noise)
    assert (len(long), bids([json.loads(after)])) == (70_000, [101])


async def test_doubled_and_overtaken_messages(server, operator):
    """Those that come while it lasts."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("twice", "duplicate", duration_seconds=10)
    server.script.play(tick(101), tick(102))
    assert await until_quiet(client) == [101, 101, 102, 102]
    await operator.remove("twice")
    await operator.add("late", "reorder", fraction=1)
    server.script.play(tick(103), tick(104))
    assert await until_quiet(client) == []
    await operator.remove("late")
    assert await until_quiet(client) == [103, 104]


async def test_nobody_is_let_in_until_it_is_over(server, operator):
    """503 and when to try again, or the status that was asked for; a restart sends away who is there."""
    client = await server.subscribed("EURUSD")
    await operator.add("shut", "refuse-handshakes", duration_seconds=30, status=502)
    await trio.sleep(10)
    status, headers = await server.connect().upgrade()
    assert (status, headers["retry-after"]) == (502, "20")
    assert (await operator.remove("shut"))["refused"] == 1
    await operator.add("again", "restart")
    assert (await client.rest())[1:] == (1012, "Service restart")
    status, headers = await server.connect().upgrade()
    assert (status, headers["retry-after"]) == (503, "60")
    await operator.remove("again")
    await server.subscribed("EURUSD")


async def test_expired_tokens_are_told_in_the_protocols_words(server, operator):
    """To whoever has shown a key."""
    client, greeted = await server.subscribed("EURUSD"), await server.upgraded()
    await operator.add("old", "expire-tokens")
    messages, *end = await client.rest()
    assert (messages[-1], end) == ({"type": "error", "message": "API key expired"}, [1008, "Token expired"])
    assert (await greeted.message())["type"] == "welcome"


# --- and what does not -------------------------------------------------------------------------------

LASTING = [
    ("latency", {"latency_ms": 20, "jitter_ms": 20}),
    ("bandwidth", {"bytes_per_second": 500}),
    ("gap", {"fraction": 0.5}),
    ("duplicate", {}),
    ("reorder", {"fraction": 0.5, "distance": 3}),
    ("mute", {}),
    ("half-open", {}),
]


async def heard_beside(open_server, *faults):
    """What eight clients of one protocol hear while faults come, and how many connections each struck."""
    async with open_server() as server:
        operator = Operator(server)
        clients = [await server.subscribed("EURUSD", "GBPUSD") for _ in range(8)]
        guide = await server.upgraded("/guide")
        await guide.send(GUIDE)
        for at in range(7):
            for kind, fields in faults[at : at + 1]:
                await operator.add(kind, kind, **fields)
            server.script.play(*(tick(200 + 10 * at + more, more % 2) for more in range(10)))
            await trio.sleep(2)
        for client in clients:
            with trio.move_on_after(2), suppress(Closed, trio.BrokenResourceError):
                while True:
                    await client.text()
        _, listed = await operator.ask()
        return [bytes(client.data) for client in clients], [one["connections"] for one in listed["faults"]]


async def test_another_protocols_faults_are_not_heard(open_server):
    """Every byte is what it would be, with all of them at once."""
    aim = {"aim": {"dialect": "guide"}}
    plain, _ = await heard_beside(open_server)
    heard, struck = await heard_beside(open_server, *((kind, fields | aim) for kind, fields in LASTING))
    assert heard == plain
    assert struck == [1] * len(LASTING)


@pytest.mark.parametrize(("kind", "fields"), [*LASTING, ("garbage", {}), ("disconnect", {})])
async def test_whoever_is_not_struck_hears_what_they_would_have(open_server, kind, fields):
    """No more clients hear anything else than the fault says it struck."""
    plain, _ = await heard_beside(open_server)
    heard, (struck,) = await heard_beside(open_server, (kind, fields | {"aim": {"fraction": 0.6}}))
    assert 0 < struck < len(plain)
    different = sum(mine != theirs for mine, theirs in zip(heard, plain, strict=True))
    assert different <= struck
    assert kind in {"latency", "bandwidth"} or different


async def test_a_share_is_drawn_from_the_name(open_server):
    """The same clients for the same name on every run, others for another; the rest hears everything."""
    struck = []
    for name in ("one", "one", "other"):
        async with open_server() as server:
            operator = Operator(server)
            clients = [await server.subscribed("EURUSD") for _ in range(30)]
            for client in clients:
                await client.message()
            await operator.add(name, "gap", aim={"fraction": 0.4})
            server.script.play(tick(101))
            struck.append([await until_quiet(client, 0.1) == [] for client in clients])
    assert struck[0] == struck[1] != struck[2]
    assert 6 <= sum(struck[0]) <= 18


SCENARIO = """\
format = 1
name = "short"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "3500ms"
[market]
count = 2
[[timeline]]
at = "500ms"
do = "drop"
fraction = 0.5
duration = "2s"
aim = { dialect = "tradyn", fraction = 0.2 }
"""


async def test_events_are_what_they_would_be(tmp_path, network):
    """Whatever is set at run time: the market's rows, and what the scenario's own faults do."""
    path = tmp_path / "short.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    seen = []
    for faults in (LASTING, ()):
        rows, heard, opened = [], [], []
        async with trio.open_nursery() as nursery:
            _, stop, _ = await started(nursery, Settings(scenario=str(path)), tell=opened.append)
            hub = opened[0].fanout.hub
            publish = hub.publish
            hub.publish = lambda batch, links, publish=publish, rows=rows: (
                rows.extend(batch) or publish(batch, links)
            )
            clients = [await network.subscribed("EURUSD") for _ in range(8)]
            operator = Operator(network)
            for kind, fields in faults:
                await operator.add(kind, kind, aim={"dialect": "guide"}, **fields)
            for client in clients:
                await client.rest()
                heard.append(bytes(client.data))
            stop.set()
        seen.append((rows, heard))
    assert len(seen[0][0]) > 100
    assert seen[0] == seen[1]
    assert len(set(seen[0][1])) == 2


async def test_who_is_told_to_go_is_closed_after_the_notice(server, operator):
    """In the protocol's own words, with data until the end; who comes anew is not told."""
    client = await server.subscribed("EURUSD")
    await client.message()
    await operator.add("bye", "go-away", notice_seconds=5, aim={"dialect": "tradyn"})
    told = await client.message()
    began = trio.current_time()
    assert told == {"type": "error", "message": "Server is going away: reconnect and subscribe again"}
    other = await server.subscribed("EURUSD")
    await other.message()
    server.script.play(tick(101))
    messages, *end = await client.rest()
    assert (bids(messages), end) == ([101], [1001, "Going away"])
    assert trio.current_time() - began == pytest.approx(5, abs=1e-3)
    assert await until_quiet(other) == [101]
    assert server.ended == {"fault: go-away": 1}


async def test_messages_of_one_instrument_are_lost(server, operator):
    """In any usual spelling; one that there is not is met with 404, and nothing is added."""
    body = {"name": "x", "kind": "gap", "symbol": "EURUSDD"}
    status, answer = await operator.ask("POST", body=body)
    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert await operator.names() == []
    struck, other = await server.subscribed("EURUSD"), await server.subscribed("GBPUSD")
    for client in (struck, other):
        await client.message()
    await operator.add("x", "gap", symbol="EUR/USD")
    server.script.play(tick(101), quote(1, 102, ts=START + 2))
    assert bids(await other.messages(1)) == [102]
    assert await until_quiet(struck) == []


async def test_one_message_of_one_channel_is_lost(server, operator):
    """The next one of that channel; those of others are not."""
    client = await server.upgraded("/guide")
    await client.send({"type": "subscribe", "channels": ["ticker_eurusd", "trades_eurusd"]})
    await client.messages(2)
    await operator.add("hole", "gap", messages=1, channel="ticker")
    server.script.play(tick(101), tick(102))
    assert [float(message["bid"]) for message in await client.messages(1)] == [0.00102]
    await operator.add("late", "reorder", messages=1, fraction=1, channel="ticker")
    await operator.add("twice", "duplicate", messages=1, channel="trades")
    server.script.play(tick(103), tick(104), tick(105))
    found = [round(float(message["bid"]) * 100_000) for message in await client.messages(3)]
    assert found == [104, 103, 105]


async def test_a_fault_may_strike_one_connection_alone(server, operator):
    """By its number, whoever it is with; it ends with that connection, and another one is not met by it."""
    first, second = [await server.subscribed("EURUSD") for _ in range(2)]
    added = await operator.add("page-mute-2", "mute", aim={"connection": 2})
    assert (added["aim"], added["connections"]) == ({"connection": 2}, 1)
    server.script.play(tick(105))
    assert (await first.messages(2))[-1]["bid"] == 0.00105
    assert await until_quiet(second) == [100]
    await second.stream.aclose()
    await trio.sleep(1)
    [shown] = (await operator.ask())[1]["faults"]
    assert (shown["over"], shown["connections"]) == (True, 1)
    third = await server.subscribed("EURUSD")
    server.script.play(tick(106))
    assert (await third.messages(2))[-1]["bid"] == 0.00106


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"kind": "mute", "aim": {"connection": 7}}, (404, "There is no connection 7")),
        ({"kind": "refuse-handshakes", "aim": {"connection": 1}}, (400, "strikes no connection")),
        ({"kind": "mute", "aim": {"connection": -1}}, (400, "")),
    ],
)
async def test_a_connection_that_cannot_be_struck_is_none(server, operator, fields, refused):
    """One that is not there, or a fault that strikes no connection."""
    await server.subscribed("EURUSD")
    status, answer = await operator.ask("POST", body={"name": "one", **fields})
    assert (status, refused[1] in answer["error"]["message"]) == (refused[0], True), answer
