"""Webhooks of a running server, by the protocol that has had them longest: what is delivered, and to whom."""

import base64
import itertools
import json

import attrs
import httpcore
import pytest
import structlog
import trio
from asking import BEARER, ask
from scripts import quote

from feed import Settings
from feed.model.events import SIGNAL
from feed.model.signals import Severity, SignalType
from feed.server.webhooks.client import NotPermitted
from feed.server.webhooks.service import MOST_TOPICS
from feed.settings import Webhooks
from feed.webhooks.signing import signature

AI = {"Authorization": "Bearer mk_live_abc123..."}
PATH = "/marketai/api/v1/webhooks"
URL = "https://example.com/hook/token"
SECOND = 1_000_000_000


class Receiver:
    """In place of the network: takes what is posted, and answers as it is told to; then with 200."""

    def __init__(self, server, *answers):
        self.answers = list(answers)
        self.posts = []
        server.context.webhooks._client = self

    async def post(self, url, body, headers):
        self.posts.append((trio.current_time(), url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer == "hang":
            await trio.sleep(Webhooks().attempt_seconds)
            raise trio.TooSlowError
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def numbers(self):
        """Of the signals that were posted."""
        return [json.loads(body)["data"]["id"] for _, _, body, _ in self.posts]


def whale(number, *, instrument=0):
    """A signal: somebody has bought for a million dollars."""
    kind, severity = int(SignalType.WHALE_MOVEMENT), int(Severity.ALERT)
    return (SIGNAL, instrument, number * SECOND, number, kind, severity, 100_000_000, 0)


async def request(server, method, path=PATH, *, body=None, keyed=AI):
    content = b"" if body is None else json.dumps(body).encode()
    return await ask(server.connect(), path, method=method, body=content, **keyed)


async def make(server, *, keyed=AI, url=URL, events=("signals",), **more):
    """A new webhook: its id and its secret."""
    status, _, body = await request(
        server, "POST", body={"url": url, "events": list(events), **more}, keyed=keyed
    )
    assert status == 200, body
    return body["data"]["webhook"]["id"], base64.b64decode(body["data"]["secret"].removeprefix("whsec_"))


async def listed(server, *, keyed=AI):
    status, _, body = await request(server, "GET", keyed=keyed)
    assert status == 200
    return body["data"]


async def happen(server, *rows):
    server.script.play(*rows)
    await trio.testing.wait_all_tasks_blocked()


async def test_what_the_channel_says_is_posted_and_signed(server):
    """The very message of the channel; with an id, the time of the attempt, and a signature that fits."""
    receiver = Receiver(server)
    name, secret = await make(server, symbols=["EUR/USD"])
    client = await server.upgraded("/marketai?key=mk_live_abc123...")
    await client.send({"action": "subscribe", "channels": [{"type": "signals", "symbols": ["EUR/USD"]}]})
    await client.message()
    await happen(server, whale(1), whale(2, instrument=1))
    ((_, url, body, headers),) = receiver.posts
    assert url == URL
    assert json.loads(body) == await client.message()
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-signature"] == signature(
        secret, message=headers["webhook-id"], timestamp=int(headers["webhook-timestamp"]), body=body
    )
    (shown,) = await listed(server)
    assert (shown["id"], shown["url"], shown["events"]) == (name, URL, ["signals EUR/USDT"])
    assert [shown[field] for field in ("delivered", "failed", "dropped", "waiting", "error")] == [
        1,
        0,
        0,
        0,
        "",
    ]
    assert "secret" not in json.dumps(shown)


async def test_a_message_is_tried_again_until_it_is_taken(server):
    """With the same id and a new timestamp; those behind it wait, and follow in their order."""
    receiver = Receiver(server, 500, "hang", httpcore.ConnectError("refused"), 302, NotPermitted("no"), 200)
    await make(server)
    await happen(server, whale(1), whale(2))
    (shown,) = await listed(server)
    assert (shown["waiting"], shown["error"]) == (2, "answered with status 500")
    await trio.sleep(600)
    assert receiver.numbers == ["sig_1"] * 6 + ["sig_2"]
    assert len({headers["webhook-id"] for _, _, _, headers in receiver.posts[:6]}) == 1
    times = [when for when, *_ in receiver.posts[:6]]
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert [5 <= waits[0] < 10, 20 <= waits[1] < 25, 20 <= waits[2] < 25] == [True] * 3
    (shown,) = await listed(server)
    assert (shown["delivered"], shown["waiting"], shown["error"]) == (2, 0, "")


async def test_a_message_is_given_up_in_the_end(open_server):
    """Its owner sees how many were, and why the last attempt failed."""
    settings = Settings(webhooks=Webhooks(attempts=2))
    async with open_server(settings) as server:
        Receiver(server, "hang", "hang")
        await make(server)
        await happen(server, whale(1))
        await trio.sleep(60)
        (shown,) = await listed(server)
        assert (shown["failed"], shown["error"]) == (1, "no answer within 10 seconds")
        _, _, figures = await ask(server.connect(), "/metrics")
        assert b'feed_webhook_messages_total{outcome="failed"} 1.0' in figures


async def test_a_full_queue_is_told_to_owner_operator_and_metrics(open_server):
    """New messages are dropped, what waits is kept, and the log says so once."""
    settings = Settings(webhooks=Webhooks(messages_per_key=2))
    async with open_server(settings) as server:
        Receiver(server, "hang")
        await make(server)
        with structlog.testing.capture_logs() as logs:
            await happen(server, *(whale(number) for number in range(1, 6)))
        (shown,) = await listed(server)
        assert (shown["waiting"], shown["dropped"]) == (2, 3)
        assert [log["event"] for log in logs if log["log_level"] == "warning"] == [
            "webhook messages are dropped: too many wait"
        ]
        assert not any("token" in str(log) for log in logs)
        _, _, figures = await ask(server.connect(), "/metrics")
        assert b'feed_webhook_messages_total{outcome="dropped"} 3.0' in figures
        assert b"feed_webhook_messages_waiting 2.0" in figures


async def test_what_is_removed_is_silent(server):
    """Others go on; the id is then unknown, and nobody hears the stream for it any more."""
    receiver = Receiver(server)
    first, _ = await make(server)
    await make(server, url=URL + "2")
    status, _, body = await request(server, "DELETE", f"{PATH}?id={first}")
    assert (status, [each["url"] for each in body["data"]]) == (200, [URL + "2"])
    await happen(server, whale(1))
    assert [url for _, url, _, _ in receiver.posts] == [URL + "2"]
    status, _, body = await request(server, "DELETE", f"{PATH}?id={first}")
    assert (status, body["error"]["code"]) == (404, "not_found")
    (left,) = await listed(server)
    await request(server, "DELETE", f"{PATH}?id={left['id']}")
    listeners = server.context.fanout.hub._topics.listeners
    assert not any(hearing for kind in listeners for hearing in kind)


async def test_a_webhook_is_its_owners_alone(server):
    """Another key neither sees nor removes it."""
    name, _ = await make(server)
    assert await listed(server, keyed=BEARER) == []
    status, _, _ = await request(server, "DELETE", f"{PATH}?id={name}", keyed=BEARER)
    assert status == 404
    assert len(await listed(server)) == 1


async def test_a_webhook_ends_with_its_key(server):
    """At the latest when the next message would be sent."""
    receiver = Receiver(server)
    await make(server)
    store = server.context.router._keys._key_store
    store.replace([entry for entry in store.entries if entry.grant.name != "demo-basic"])
    await happen(server, whale(1))
    assert receiver.posts == []
    assert server.context.webhooks.endpoints == 0
    store.replace(attrs.evolve(entry, until=1.0) for entry in store.entries)
    server.context.webhooks.check_keys()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"url": "http://example.com/", "events": ["signals"]}, 403, "url_not_allowed"),
        ({"url": "https://127.0.0.1/", "events": ["signals"]}, 403, "url_not_allowed"),
        ({"url": 7, "events": ["signals"]}, 400, "invalid_request"),
        ({"url": URL, "events": []}, 400, "invalid_request"),
        ({"url": URL, "events": ["trades"]}, 400, "invalid_request"),
        ({"url": URL, "events": "signals"}, 400, "invalid_request"),
        ({"url": URL}, 400, "invalid_request"),
        ([], 400, "invalid_request"),
        ({"url": URL, "events": ["signals"], "symbols": ["DOGE"]}, 404, "not_found"),
        ({"url": URL, "events": ["signals"], "symbols": [1]}, 400, "invalid_request"),
        ({"url": "https://" + "a" * 2048, "events": ["signals"]}, 400, "invalid_request"),
    ],
)
async def test_a_bad_request_makes_nothing(server, body, status, code):
    """In the protocol's own words."""
    got, _, answer = await request(server, "POST", body=body)
    assert (got, answer["ok"], answer["error"]["code"]) == (status, False, code)
    assert server.context.webhooks.endpoints == 0


async def test_without_a_key_there_are_none(server):
    """Nor with a bad one, nor for the pages of others."""
    assert (await request(server, "GET", keyed={}))[0] == 401
    assert (await request(server, "GET", keyed={"Authorization": "Bearer mk_live_x"}))[0] == 401
    assert (await request(server, "GET", keyed={**AI, "Origin": "https://evil.example"}))[0] == 403


async def test_webhooks_of_a_key_are_bounded(server):
    """409 with the bound; so are the channels and symbols of one."""
    for _ in range(5):
        await make(server)
    status, _, body = await request(server, "POST", body={"url": URL, "events": ["signals"]})
    assert (status, body["error"]["code"]) == (409, "limit_reached")
    with pytest.raises(ValueError, match="too many channels and symbols"):
        server.context.webhooks.create(
            dialect="x", owner="x", url=URL, events=(), topics=[None] * (MOST_TOPICS + 1)
        )


async def test_a_bug_of_ours_costs_one_attempt(server):
    """It is logged, and the next attempt is made."""
    receiver = Receiver(server, RuntimeError("bug"), 200)
    await make(server)
    with structlog.testing.capture_logs() as logs:
        await happen(server, whale(1), quote(0, 100, ts=2 * SECOND))
        await trio.sleep(60)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["bug in a webhook"]
    assert receiver.numbers == ["sig_1", "sig_1"]
