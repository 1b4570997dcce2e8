"""The guide's alerts and webhooks by request, and what becomes of them on the socket."""

import json

import pytest
import trio
from asking import API_KEY, BEARER, KEY, ask
from scripts import Script

from feed import Settings
from feed.dialects.guide.channels import private_topic
from feed.model.events import SIGNAL, TRADE, UNKNOWN
from feed.model.signals import Severity, SignalType
from feed.settings import Alerts
from feed.sim.defaults import default_market
from feed.sim.market import Market

ALERTS = "/guide/api/v1/alerts"
WEBHOOKS = "/guide/api/v1/webhooks"
SECOND = 1_000_000_000
BASIC_KEY = "mk_live_abc123..."  # of another protocol alone


def trade(number, price, *, size=100, instrument=0):
    return (TRADE, instrument, number * SECOND, number, 0, price, size, 0, 0, UNKNOWN, UNKNOWN)


async def request(server, method, path, *, body=None, keyed=API_KEY):
    content = b"" if body is None else json.dumps(body).encode()
    return await ask(server.connect(), path, method=method, body=content, **keyed)


async def make(server, condition="price_above", threshold="1.08500", *, symbol="EURUSD", **more):
    body = {"condition": condition, "symbol": symbol, "threshold": threshold, **more}
    status, _, answer = await request(server, "POST", ALERTS, body=body)
    assert status == 200, answer
    return answer


async def happen(server, *rows):
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def hear(server, *channels, key=KEY, path="/ws"):
    client = await server.upgraded(path)
    await client.send({"type": "auth", "key": key})
    assert (await client.message())["type"] == "authenticated"
    await client.send({"type": "subscribe", "channels": list(channels)})
    confirmed = await client.message()
    assert (confirmed["type"], confirmed["channels"]) == ("subscribed", list(channels))
    return client


async def test_an_alert_is_made_told_listed_and_removed(server):
    """Once, on its own channel and on that of all; with the number of the trade that fired it."""
    await happen(server, trade(1, 108_400))
    made = await make(server)
    assert list(made.items()) == [
        ("id", "al_1"),
        ("symbol", "EURUSD"),
        ("condition", "price_above"),
        ("threshold", "1.08500"),
        ("repeat", False),
        ("created", 1000),
        ("fired", 0),
    ]
    one, every = await hear(server, "alerts_eurusd"), await hear(server, "alerts")
    await happen(server, trade(2, 108_499), trade(3, 108_501), trade(4, 108_502))
    seq = server.context.fanout.hub.seq - 1
    told = {
        "type": "alert",
        "channel": "alerts_eurusd",
        "symbol": "EURUSD",
        "price": "1.08501",
        "alerts": [{"id": "al_1", "condition": "price_above", "threshold": "1.08500", "value": "1.08501"}],
        "ts": 3000,
        "seq": seq,
    }
    assert list((await one.message()).items()) == list(told.items())
    assert await every.message() == told | {"channel": "alerts"}
    status, _, (shown,) = await request(server, "GET", ALERTS)
    assert (status, shown) == (
        200,
        made | {"fired": 1, "last_ts": 3000, "last_seq": seq, "last_value": "1.08501"},
    )
    assert (await request(server, "DELETE", f"{ALERTS}?id=al_1"))[::2] == (200, [])
    status, _, answer = await request(server, "DELETE", f"{ALERTS}?id=al_1")
    assert (status, answer["error"]["code"]) == (404, "not_found")


async def test_alerts_that_one_trade_fires_are_told_together(server):
    """In the order in which they were made; changes and volatility in per cent, with their window."""
    client = await hear(server, "alerts_eurusd")
    await make(server, "volume", "2.5", window=60)
    await make(server, "change", "1")
    await make(server, "volatility", "1.5", window=3600)
    await happen(server, trade(1, 100_000), trade(2, 101_500), trade(3, 101_500))
    assert (await client.message())["alerts"] == [
        {"id": "al_2", "condition": "change", "threshold": "1.0000", "window": 300, "value": "1.5000"},
        {"id": "al_3", "condition": "volatility", "threshold": "1.5000", "window": 3600, "value": "1.5000"},
    ]
    assert (await client.message())["alerts"] == [
        {"id": "al_1", "condition": "volume", "threshold": "2.50", "window": 60, "value": "3.00"}
    ]


async def test_alerts_are_those_of_the_key_alone(server):
    """Nobody without a key hears them, and nobody with another; nor are they in its list."""
    await make(server)
    client = await server.upgraded("/ws")
    await client.send({"type": "subscribe", "channels": ["alerts", "alerts_eurusd", "signals_eurusd"]})
    refused = (await client.message())["message"]
    assert refused == (
        'alerts, alerts_eurusd, signals_eurusd: a key is needed; send {"type":"auth","key":"..."} first'
    )
    hub = server.context.fanout.hub
    encoder = hub.encoder(private_topic("alerts", 0, ("key", "another")))
    assert encoder.kinds == (TRADE,)
    server.context.alerts.add("guide", "another", server.context.alerts.of("guide", "demo")[0].spec)
    other = await hear(server, "alerts")
    await happen(server, trade(1, 100_000), trade(2, 109_000))
    assert [one["id"] for one in (await other.message())["alerts"]] == ["al_1"]
    status, _, shown = await request(server, "GET", ALERTS)
    assert (status, len(shown)) == (200, 1)


async def test_a_key_is_shown_in_a_message(server):
    """Once; a bad one is refused, and so many end the connection."""
    client = await server.upgraded("/ws")
    await client.send({"type": "auth"})
    assert (await client.message())["type"] == "error"
    await client.send({"type": "auth", "key": 7})
    assert (await client.message())["type"] == "error"
    await client.send({"type": "auth", "key": BASIC_KEY})
    assert await client.message() == {"type": "error", "message": "Invalid API key"}
    await client.send({"type": "auth", "key": KEY})
    assert await client.message() == {"type": "authenticated"}
    await client.send({"type": "auth", "key": KEY})
    assert await client.message() == {"type": "error", "message": "Already authenticated"}
    guessing = await server.upgraded("/ws")
    for _ in range(server.settings.limits.auth_attempts):
        await guessing.send({"type": "auth", "key": "tk_live_x"})
        assert await guessing.message() == {"type": "error", "message": "Invalid API key"}
    assert await guessing.rest() == ([], 1008, "Too many invalid keys")


async def test_an_alert_is_told_again_to_whoever_resumes(server):
    """Byte for byte, at its place in the stream."""
    await make(server)
    client = await hear(server, "alerts", "trades_eurusd", path="/ws?ext=seq")
    await happen(server, trade(1, 108_000), trade(2, 109_000), trade(3, 109_001))
    told = await client.messages(4)
    assert [one["type"] for one in told] == ["trade", "alert", "trade", "trade"]
    again = await server.upgraded("/ws?ext=seq")
    await again.send({"type": "auth", "key": KEY})
    await again.message()
    await again.send({"type": "subscribe", "channels": ["alerts", "trades_eurusd"], "since": told[0]["pos"]})
    await again.message()
    assert await again.messages(3) == told[1:]


async def test_an_alert_is_pushed_as_it_is_told(server):
    """With its number and position, so that the receiver can find its place."""
    posts = []

    class Receiver:
        async def post(self, url, body, headers):
            posts.append((url, json.loads(body)))
            return 204

    server.context.webhooks._client = Receiver()
    await make(server)
    body = {"url": "https://example.com/a", "channels": ["alerts", "signals_EURUSD"]}
    status, _, made = await request(server, "POST", WEBHOOKS, body=body)
    assert (status, made["webhook"]["events"]) == (200, ["alerts", "signals_eurusd"])
    client = await hear(server, "alerts", "signals_eurusd", path="/ws?ext=seq")
    whale = (SIGNAL, 0, 5 * SECOND, 1, int(SignalType.WHALE_MOVEMENT), int(Severity.ALERT), 100, 0)
    await happen(server, trade(1, 108_000), trade(2, 109_000), whale)
    told = await client.messages(2)
    assert [body for _, body in posts] == told
    assert told[1]["figures"] == {"value_cents": 100, "side": 0}
    assert (told[1]["signal"], told[1]["severity"]) == ("whale_movement", "alert")
    status, _, (shown,) = await request(server, "GET", WEBHOOKS)
    assert (shown["delivered"], shown["dropped"]) == (2, 0)
    assert (await request(server, "DELETE", f"{WEBHOOKS}?id={shown['id']}"))[2] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"threshold": 1.085}, 400),
        ({"threshold": "-1"}, 400),
        ({"threshold": "0.000"}, 400),
        ({"threshold": "1e5"}, 400),
        ({"threshold": "NaN"}, 400),
        ({"threshold": "1" * 13}, 400),
        *(
            ({"threshold": text}, 400)
            for text in (
                "",
                "1.085\n",
                " 1",
                "1 ",
                "+1",
                "1.",
                ".5",
                "1_0",
                "0x1",
                "\N{ARABIC-INDIC DIGIT ONE}",
                "1,5",
                "Infinity",
                "1e400",
            )
        ),
        ({"threshold": "0.000000001"}, 400),
        ({"threshold": None}, 400),
        ({"threshold": True}, 400),
        ({"threshold": ["1"]}, 400),
        ({"condition": "price"}, 400),
        ({"condition": None}, 400),
        ({"symbol": "DOGEUSD"}, 404),
        ({"symbol": 7}, 400),
        ({"repeat": "yes"}, 400),
        ({"condition": "volume", "window": 59}, 400),
        ({"condition": "volume", "window": 86_401}, 400),
        ({"condition": "volume", "window": "60"}, 400),
        ({"condition": "volume", "window": 60.5}, 400),
        ({"condition": "volume", "window": True}, 400),
        ({"condition": "volume", "window": None}, 400),
        ({"condition": "volume", "window": -300}, 400),
        ({"condition": "volume", "window": 10**30}, 400),
        ({"symbol": "EURUSD\n"}, 404),
        ({"symbol": "x" * 10_000}, 400),
    ],
)
async def test_a_bad_alert_is_refused_and_nothing_is_made(server, change, status):
    """In the words of every request; numbers are no texts, and texts no numbers."""
    body = {"condition": "price_above", "symbol": "EURUSD", "threshold": "1.085", **change}
    got, _, answer = await request(server, "POST", ALERTS, body=body)
    assert (got, list(answer)) == (status, ["error"])
    assert len(server.context.alerts.book) == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"url": "https://example.com/", "channels": []}, 400),
        ({"url": "https://example.com/", "channels": ["trades_eurusd"]}, 404),
        ({"url": "https://example.com/", "channels": ["alerts_dogeusd"]}, 404),
        ({"url": "https://example.com/", "channels": "alerts"}, 400),
        ({"url": "https://10.0.0.1/", "channels": ["alerts"]}, 403),
        ({"channels": ["alerts"]}, 400),
    ],
)
async def test_a_bad_webhook_is_refused_and_nothing_is_made(server, body, status):
    """Only channels that say little are pushed."""
    got, _, answer = await request(server, "POST", WEBHOOKS, body=body)
    assert (got, list(answer)) == (status, ["error"])
    assert server.context.webhooks.endpoints == 0


@pytest.mark.parametrize("path", [ALERTS, WEBHOOKS])
async def test_a_key_is_needed(server, path):
    """In the header X-API-Key; one for another protocol is no good, and pages of others may not."""
    assert (await request(server, "GET", path, keyed={}))[0] == 401
    assert (await request(server, "GET", path, keyed=BEARER))[0] == 401
    assert (await request(server, "GET", path, keyed={"X-API-Key": BASIC_KEY}))[0] == 401
    assert (await request(server, "GET", path, keyed={**API_KEY, "Origin": "https://evil.example"}))[0] == 403


async def test_alerts_are_bounded(open_server):
    """409 past the bound of a key."""
    async with open_server(Settings(alerts=Alerts(per_key=1))) as server:
        await make(server)
        body = {"condition": "price_below", "symbol": "EURUSD", "threshold": "1"}
        status, _, answer = await request(server, "POST", ALERTS, body=body)
        assert (status, answer["error"]["code"]) == (409, "limit_reached")


async def test_alerts_end_with_their_key(server):
    """And nothing watches the trades any more."""
    await make(server)
    store = server.context.key_watch._key_store
    store.replace(())
    server.context.key_watch._end_others()
    assert len(server.context.alerts.book) == 0
    listeners = server.context.fanout.hub._topics.listeners
    assert not any(hearing for kind in listeners for hearing in kind)


async def test_the_same_alert_fires_at_the_same_event_on_every_run(open_server):
    """Made at the same position of the same market, whoever else listens, and in whatever steps."""

    async def fired(step, *, listening):
        spec = default_market()
        market = Market(spec, seed=7, start=0)
        script = Script(opening=[])
        script.listing = market.listing
        rows = market.opening()
        while len(rows) < 45_000:
            rows += market.step()
        del rows[45_000:]
        async with open_server(script=script) as server:
            hub = server.context.fanout.hub
            await server.context.fanout.step(rows[:25_000])
            if listening:
                await server.upgraded("/ws")
                await hear(server, "trades_btcusd", "alerts_ethusd")
            for condition, threshold in (("volatility", "0.0001"), ("volume", "0.01"), ("change", "0.0001")):
                await make(server, condition, threshold, symbol="BTC-USD", window=60, repeat=True)
            for at in range(25_000, 45_000, step):
                await server.context.fanout.step(rows[at : at + step])
            assert hub.seq == len(rows)
            _, _, shown = await request(server, "GET", ALERTS)
            return [(one["fired"], one.get("last_seq"), one.get("last_value")) for one in shown]

    first = await fired(1_000, listening=False)
    assert all(count for count, _, _ in first), first
    assert await fired(617, listening=True) == first
