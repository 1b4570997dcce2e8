"""What clients had before a restart they have after it: keys of streams, nonces, alerts, webhooks, faults."""

import json

import attrs
import pytest
import structlog
import trio
import trio.lowlevel
from asking import ADMIN, API_KEY, KEY, ask
from binance_server import ENTRIES, KEYS, exchange
from copies import copied
from entry_logs import MemoryLog
from kraken_server import kraken_exchange
from scripts import Script

from feed import Settings
from feed.model.events import TRADE, UNKNOWN
from feed.settings import Webhooks

ALERTS = "/guide/api/v1/alerts"
WEBHOOKS = "/guide/api/v1/webhooks"
FAULTS = "/admin/faults"
LISTEN = "api/v3/userDataStream"
OLD = "revision=2025-12-31"
SECOND = 1_000_000_000


def trade(number, price, *, instrument=0):
    return (TRADE, instrument, number * SECOND, number, 0, price, 100, 0, 0, UNKNOWN, UNKNOWN)


class Wall:
    """The machine's clock, which goes on while the server is down."""

    def __init__(self):
        self.down = 1_000_000.0

    def __call__(self):
        return self.down + trio.current_time()


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def entry_log(wall):
    return MemoryLog(wall=wall)


async def request(server, method, path, *, body=None, keyed=API_KEY):
    content = b"" if body is None else json.dumps(body).encode()
    status, _, found = await ask(server.connect(), path, method=method, body=content, **keyed)
    assert status in (200, 201), found
    return found


async def alert(server, threshold="1.08500", **more):
    body = {"condition": "price_above", "symbol": "EURUSD", "threshold": threshold, **more}
    return (await request(server, "POST", ALERTS, body=body))["id"]


async def happen(server, *rows):
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def hear(server, *channels, since=None):
    client = await server.upgraded("/ws?ext=seq")
    await client.send({"type": "auth", "key": KEY})
    assert (await client.message())["type"] == "authenticated"
    more = {} if since is None else {"since": since}
    await client.send({"type": "subscribe", "channels": list(channels), **more})
    assert (await client.message())["type"] == "subscribed"
    return client


async def rest(client):
    found = []
    with trio.move_on_after(1):
        while True:
            found.append(await client.message())
    return found


# --- alerts ------------------------------------------------------------------------------------------


async def test_alerts_go_on_where_they_were(open_server, entry_log):
    """They have fired as often, fire at the same trades, and a client that resumes misses none."""
    before = [trade(1, 108_400), trade(2, 108_501), trade(3, 108_499)]
    later = [trade(40 * at, 108_400 + 150 * (at % 2)) for at in range(1, 9)]
    async with open_server(entry_log=entry_log) as server:
        await happen(server, before[0])
        await alert(server, repeat=True)
        gone = await alert(server, "1.08300", repeat=True)
        await happen(server, before[1])
        await request(server, "DELETE", f"{ALERTS}?id={gone}")
        await alert(server, "1.08600")
        client = await hear(server, "alerts_eurusd", "trades_eurusd")
        await happen(server, before[2], *later)
        told = await rest(client)
        shown = await request(server, "GET", ALERTS)
    state = entry_log.state()
    async with open_server(entry_log=entry_log, state=state, again=before) as server:
        (place,) = {one["pos"] for one in told if one.get("seq") == told[0]["seq"]}
        again = await hear(server, "alerts_eurusd", "trades_eurusd", since=place)
        await happen(server, *later)
        assert await rest(again) == told[1:]
        assert await request(server, "GET", ALERTS) == shown
        assert await alert(server) == "al_4"


async def test_an_alert_that_was_removed_is_not_heard_of_again(open_server, entry_log):
    """Nor does a name come again that was given before."""
    async with open_server(entry_log=entry_log) as server:
        name = await alert(server)
        await request(server, "DELETE", f"{ALERTS}?id={name}")
        await happen(server, trade(1, 108_400), trade(2, 108_600))
    script = Script()
    async with open_server(script=script, state=entry_log.state(), again=[trade(1, 108_400)]) as server:
        client = await hear(server, "alerts")
        await happen(server, trade(2, 108_600))
        assert await rest(client) == []
        assert await request(server, "GET", ALERTS) == []
        assert await alert(server) == "al_2"


# --- webhooks ----------------------------------------------------------------------------------------


class Receiver:
    """In place of the network: answers as it is told to, then with 200."""

    def __init__(self, server, *answers):
        self.answers = list(answers)
        self.posts = []
        server.context.webhooks._client = self

    async def post(self, url, body, headers):
        answer = self.answers.pop(0) if self.answers else 200
        self.posts.append((headers["webhook-id"], json.loads(body)["price"], answer))
        await trio.lowlevel.checkpoint()
        return answer

    @property
    def taken(self):
        return [(name, price) for name, price, answer in self.posts if answer == 200]


async def webhook(server):
    body = {"url": "https://example.com/a", "channels": ["alerts"]}
    return await request(server, "POST", WEBHOOKS, body=body)


async def test_what_waits_for_a_webhook_is_delivered_after_a_restart(open_server, entry_log):
    """With the same ids and signed with the same secret; what was delivered is not sent again."""
    rows = [trade(60 * at, 108_400 + 200 * (at % 2)) for at in range(8)]
    once = Settings(webhooks=Webhooks(retry_seconds=1000))
    async with open_server(entry_log=entry_log) as server:
        receiver = Receiver(server)
        made = await webhook(server)
        await alert(server, repeat=True)
        await happen(server, *rows)
        whole = receiver.taken
        assert len(whole) == 4
    log = MemoryLog()
    async with open_server(once, entry_log=log) as server:
        receiver = Receiver(server, 200, 500)
        made = await webhook(server)
        await alert(server, repeat=True)
        await happen(server, *rows[:4])
        first, (shown,) = receiver.taken, await request(server, "GET", WEBHOOKS)
        assert (shown["delivered"], shown["waiting"]) == (1, 1)
        await happen(server, rows[4])
    state = log.state()
    assert list(state.webhooks[made["webhook"]["id"]].waiting) != []
    async with open_server(once, entry_log=log, state=state, again=rows[:5]) as server:
        receiver = Receiver(server)
        await happen(server, *rows[5:])
        (shown,) = await request(server, "GET", WEBHOOKS)
    places = [[name.split("_")[-2:] for name, _ in found] for found in (first + receiver.taken, whole)]
    assert places[0] == places[1]
    assert [price for _, price in first + receiver.taken] == [price for _, price in whole]
    assert (shown["id"], shown["delivered"], shown["waiting"]) == (made["webhook"]["id"], 4, 0)
    endpoint = state.webhooks[shown["id"]].endpoint
    assert made["secret"].startswith("whsec_")
    assert len(endpoint.secret) == 32


async def test_a_message_that_was_not_recorded_is_said_again(open_server, entry_log):
    """The events after the checkpoint are published again, and what they say to a webhook with them."""
    rows = [trade(1, 108_400), trade(2, 108_600)]
    async with open_server(entry_log=entry_log) as server:
        receiver = Receiver(server)
        await webhook(server)
        await alert(server)
        entry_log.full = True
        await happen(server, *rows)
        told = receiver.taken
        assert len(told) == 1
    async with open_server(state=entry_log.state(), again=rows) as server:
        receiver = Receiver(server)
        await trio.testing.wait_all_tasks_blocked()
        assert receiver.taken == told


async def test_a_webhook_that_was_removed_gets_nothing(open_server, entry_log):
    """Not even what waited for it."""
    async with open_server(entry_log=entry_log) as server:
        Receiver(server, 500)
        made = await webhook(server)
        await alert(server)
        await happen(server, trade(1, 108_400), trade(2, 108_600))
        await request(server, "DELETE", f"{WEBHOOKS}?id={made['webhook']['id']}")
    async with open_server(state=entry_log.state()) as server:
        assert await request(server, "GET", WEBHOOKS) == []


async def test_a_webhook_of_what_is_no_longer_served_is_left_out(open_server, entry_log):
    """So is a fault of a kind that there is no more; the server starts, and says so."""
    async with open_server(entry_log=entry_log) as server:
        made = [(await webhook(server))["webhook"]["id"] for _ in range(2)]
        for name in ("one", "other"):
            await request(server, "POST", FAULTS, body={"name": name, "kind": "mute"}, keyed=ADMIN)
    state = entry_log.state()
    gone = state.webhooks[made[0]]
    gone.topics = (attrs.evolve(gone.topics[0], dialect="telegraph"), *gone.topics)
    state.faults["one"]["settings"]["kind"] = "flood"
    with structlog.testing.capture_logs() as logged:
        async with open_server(state=state) as server:
            assert [one["id"] for one in await request(server, "GET", WEBHOOKS)] == made[1:]
            faults = (await request(server, "GET", FAULTS, keyed=ADMIN))["faults"]
            assert [one["name"] for one in faults] == ["other"]
    said = [one["event"] for one in logged if one["log_level"] in ("warning", "error")]
    assert said == [
        "a webhook is left out: its topics are not served",
        "a fault of another release is left out",
    ]


# --- stream keys and nonces --------------------------------------------------------------------------


async def test_a_listen_key_is_good_after_a_restart_for_what_is_left_of_its_hour(autojump_clock):
    """The same one, extended as before; one that was closed is not good."""
    entry_log = MemoryLog(wall=lambda: 1_700_000_000.0)
    async with exchange(entry_log=entry_log) as server:
        _, _, kept = await server.send("POST", LISTEN, OLD, key=KEYS["alice"])
        _, _, closed = await server.send("POST", LISTEN, OLD, key=KEYS["bob"])
        await server.send("DELETE", LISTEN, f"listenKey={closed['listenKey']}&{OLD}", key=KEYS["bob"])
    async with exchange(state=entry_log.state()) as server:
        _, _, again = await server.send("POST", LISTEN, OLD, key=KEYS["alice"])
        assert again == kept
        for name, key, good in (("alice", kept, 200), ("bob", closed, 400)):
            named = f"listenKey={key['listenKey']}&{OLD}"
            assert (await server.send("PUT", LISTEN, named, key=KEYS[name]))[0] == good
        client = server.connect()
        assert (await client.upgrade(f"/binance/ws/{kept['listenKey']}?{OLD}"))[0] == 101


@pytest.mark.parametrize("change", ["grant", "gone", "time"])
async def test_a_listen_key_ends_with_the_key_that_it_stands_on(autojump_clock, change):
    """While the server was down that was exchanged or taken away, or the hour went by."""
    entry_log = MemoryLog(wall=lambda: 1_700_000_000.0)
    async with exchange(entry_log=entry_log) as server:
        _, _, kept = await server.send("POST", LISTEN, OLD, key=KEYS["alice"])
    alice, *others = ENTRIES
    changed = attrs.evolve(alice, signing_secret="another", grant=attrs.evolve(alice.grant, account=1))
    keys = {"grant": (changed, *others), "gone": others, "time": ENTRIES}[change]
    state = entry_log.state()
    if change == "time":
        (found,) = state.stream_keys.values()
        found["until"] = 1_699_999_999.0
    async with exchange(state=state, keys=keys) as server:
        named = f"listenKey={kept['listenKey']}&{OLD}"
        assert (await server.send("PUT", LISTEN, named, key=KEYS["alice too"]))[0] == 400


async def test_no_signed_request_acts_twice_whatever_restarts(autojump_clock):
    """An order that somebody sends again after a restart is refused for its nonce; a higher one is taken."""
    entry_log = MemoryLog()
    async with kraken_exchange(entry_log=entry_log) as server:
        await server.order(nonce="1616492376594", price="1000.0")
    async with kraken_exchange(state=entry_log.state()) as server:
        terms = {"pair": "XBTUSD", "type": "buy", "ordertype": "limit", "volume": "0.01", "price": "1000.0"}
        for nonce in ("1616492376594", "5"):
            assert await server.refusal("alice", "AddOrder", nonce=nonce, **terms) == "EAPI:Invalid nonce"
        await server.order(nonce="1616492376595", price="1000.0")
        await server.order("bob", nonce="1", price="1000.0")


async def test_a_token_of_a_websocket_is_good_after_a_restart(autojump_clock):
    """Of its key alone, and for orders too."""
    entry_log = MemoryLog(wall=lambda: 1_700_000_000.0)
    async with kraken_exchange(entry_log=entry_log) as server:
        tokens = [await server.result(name, "GetWebSocketsToken") for name in ("alice", "alice too")]
    async with kraken_exchange(state=entry_log.state()) as server:
        again = [
            await server.result(name, "GetWebSocketsToken", nonce=str(10 + at))
            for at, name in enumerate(("alice", "alice too"))
        ]
    assert again == tokens
    assert tokens[0] != tokens[1]


# --- faults ------------------------------------------------------------------------------------------


async def test_faults_go_on_for_what_is_left_of_their_time(open_server, entry_log, wall):
    """The time that a server is down counts; those that are over or removed do not come again."""
    async with open_server(entry_log=entry_log, wall=wall) as server:
        lasting = {"kind": "latency", "latency_ms": 5}
        for name, seconds in (("ever", None), ("long", 100), ("short", 10), ("gone", 100)):
            body = {"name": name, "duration_seconds": seconds, "aim": {"dialect": "guide"}, **lasting}
            await request(server, "POST", FAULTS, body=body, keyed=ADMIN)
        await request(server, "POST", FAULTS, body={"name": "once", "kind": "reset"}, keyed=ADMIN)
        await request(server, "DELETE", f"{FAULTS}?name=gone", keyed=ADMIN)
        before = (await request(server, "GET", FAULTS, keyed=ADMIN))["faults"]
    wall.down += 30
    async with open_server(entry_log=entry_log, state=entry_log.state(), wall=wall) as server:
        faults = (await request(server, "GET", FAULTS, keyed=ADMIN))["faults"]
        assert [one["name"] for one in faults] == ["ever", "long"]
        assert [one["seconds_left"] for one in faults] == [None, pytest.approx(70, abs=1)]
        same = ("kind", "settings", "aim", "duration_seconds")
        assert [[one[field] for field in same] for one in faults] == [
            [one[field] for field in same] for one in before[:2]
        ]
        await trio.sleep(71)
        (_, ended) = (await request(server, "GET", FAULTS, keyed=ADMIN))["faults"]
        assert ended["over"]
        await request(server, "POST", f"{FAULTS}/reset", keyed=ADMIN)
    assert entry_log.state().faults == {}


# --- what another server is told ------------------------------------------------------------------------


async def test_what_another_server_is_told_is_what_was_recorded(open_server, entry_log, wall):
    """Alerts with what they have seen, and faults that are at work; those that are over are left out."""
    async with open_server(entry_log=entry_log, wall=wall) as server:
        await happen(server, trade(1, 108_400))
        gone = await alert(server, "1.08300", repeat=True)
        await alert(server, repeat=True)
        await request(server, "DELETE", f"{ALERTS}?id={gone}")
        await happen(server, trade(2, 108_600))
        for name, seconds in (("ever", None), ("long", 100), ("short", 10)):
            body = {"name": name, "kind": "mute", "duration_seconds": seconds}
            await request(server, "POST", FAULTS, body=body, keyed=ADMIN)
        await request(server, "POST", FAULTS, body={"name": "once", "kind": "reset"}, keyed=ADMIN)
        await trio.sleep(20)
        state = copied(server.context.services.state())
        recorded = entry_log.state()
        shown = await request(server, "GET", ALERTS)
    assert list(state.faults) == ["ever", "long"]
    for name, one in state.faults.items():
        until = recorded.faults[name]["until"]
        assert one == {**recorded.faults[name], "until": until and pytest.approx(until, abs=1)}
    async with open_server(state=state, again=[trade(1, 108_400), trade(2, 108_600)]) as server:
        assert await request(server, "GET", ALERTS) == shown


async def test_another_server_is_told_of_listen_keys(autojump_clock):
    """As they were recorded, but for those that were closed."""
    entry_log = MemoryLog(wall=lambda: 1_700_000_000.0)
    async with exchange(entry_log=entry_log) as server:
        await server.send("POST", LISTEN, OLD, key=KEYS["alice"])
        _, _, closed = await server.send("POST", LISTEN, OLD, key=KEYS["bob"])
        await server.send("DELETE", LISTEN, f"listenKey={closed['listenKey']}&{OLD}", key=KEYS["bob"])
        state = server.context.services.state()
    assert list(state.stream_keys.values()) == list(entry_log.state().stream_keys.values()) != []
