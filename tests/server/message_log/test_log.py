"""What is kept of clients: all that they say and hear in every protocol, and no secret of theirs."""

import json
import runpy
import zlib
from pathlib import Path
from urllib.parse import urlencode

import pytest
import structlog
import trio
from asking import ADMIN_KEY, ask
from clients import BINARY, KEY, RSV1, TEXT, deflated, frame
from disks import Disk
from scripts import quote

from feed import Settings
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.server.http.app import all_endpoints
from feed.server.keys import KeyStore
from feed.server.message_log.entry import Entry, SentTexts
from feed.server.message_log.files import RotatedFiles
from feed.server.message_log.log import TOO_SLOW, MessageLog
from feed.server.redaction import Redactor
from feed.server.server_context import _message_log
from feed.server.server_parts import ServerParts
from feed.settings import DEMO_SECRET, Deflate
from feed.settings import MessageLog as MessageLogSettings

SECRETS = (KEY, DEMO_SECRET, ADMIN_KEY, "mk_live_abc123")
DEMO = "key-demo.jsonl"
SAMPLES = Path(__file__).parents[2] / "dialects"


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """No thread: a virtual clock does not wait for one."""

    async def inline(work):
        await trio.lowlevel.checkpoint()
        return work()

    monkeypatch.setattr("feed.server.message_log.log.in_thread", inline)


@pytest.fixture
def kept(tmp_path):
    """Settings that keep messages, with others of the test's own."""

    def make(settings=None, **others):
        return Settings(
            message_log=MessageLogSettings(directory=tmp_path / "log", **(settings or {})), **others
        )

    return make


def lines(tmp_path, name):
    """What a file says, but for when."""
    path = tmp_path / "log" / name
    found = [json.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    for line in found:
        assert line.pop("time").endswith("Z")
    return found


async def test_a_conversation_is_kept_with_its_key(open_server, kept, tmp_path):
    """In the order of the wire, each message once; what was said before the key is elsewhere."""
    async with open_server(kept()) as server:
        client = await server.subscribed("EURUSD")
        await client.message()
        server.script.play(quote(0, 4321))
        await client.message()
        await client.send('{"type":"auth"')
        await client.message()
        await client.send_bytes(frame(BINARY, b"x"))
        await client.rest()
        await trio.sleep(5)
        said = lines(tmp_path, DEMO)
    assert [line["key"] for line in said] == ["demo"] * len(said)
    assert [(line.get("direction"), line.get("message")) for line in said] == [
        ("in", '{"type": "auth", "apiKey": "[key]"}'),
        ("out", '{"type":"auth","success":true,"message":"Authenticated successfully"}'),
        ("in", '{"type": "subscribe", "symbols": ["EURUSD"]}'),
        ("out", '{"type":"subscribed","symbols":["EURUSD"],"totalSubscriptions":1}'),
        ("out", '{"type":"tick","symbol":"EURUSD","bid":0.00100,"ask":0.00101,"time":0}'),
        ("out", '{"type":"tick","symbol":"EURUSD","bid":0.04321,"ask":0.04322,"time":0}'),
        ("in", None),
        ("out", '{"type":"error","message":"Invalid JSON"}'),
        ("out", '{"type":"error","message":"Binary messages are not supported"}'),
        (None, None),
    ]
    assert said[6] == {
        "key": "demo",
        "connection": 1,
        "direction": "in",
        "message_bytes": 14,
        "readable": False,
    }
    assert said[-1] == {
        "key": "demo",
        "connection": 1,
        "event": "close",
        "why": "binary message",
        "code": 1003,
    }
    assert [line.get("event", line.get("direction")) for line in lines(tmp_path, "keyless.jsonl")] == [
        "open",
        "out",
    ]


@pytest.mark.parametrize("deflate", [False, True])
async def test_what_is_compressed_is_kept_as_it_reads(open_server, kept, tmp_path, deflate):
    """In both directions; a message that is too long is noted by its length."""
    settings = kept({"message_bytes": 90}, deflate=Deflate(enabled=deflate, least_bytes=0))
    async with open_server(settings) as server:
        client = server.connect()
        await client.upgrade("/tradyn", Sec_WebSocket_Extensions="permessage-deflate")
        long = json.dumps({"type": "subscribe", "symbols": ["EURUSD"] * 20})
        for message in (json.dumps({"type": "auth", "apiKey": KEY}), long):
            payload = deflated(message.encode()) if deflate else message.encode()
            await client.send_bytes(frame(TEXT | (RSV1 if deflate else 0), payload))
        await client.messages(4)
        server.script.play(quote(0, 4321))
        await client.message()
        await trio.sleep(1)
    said = lines(tmp_path, DEMO)
    assert said[0]["message"] == '{"type": "auth", "apiKey": "[key]"}'
    assert said[2] == {"key": "demo", "connection": 1, "direction": "in", "message_bytes": len(long)}
    assert '"bid":0.04321' in said[-1]["message"]


async def token(server):
    """An access token, fetched as a client does."""
    secrets = {"X_Api_Key": KEY, "X_Api_Secret": DEMO_SECRET}
    status, _, body = await ask(server.connect(), "/api/v1/token", method="POST", **secrets)
    return body["access_token"] if status == 200 else ""


async def speak(server, name, bearer):
    """Say with a real key what the contract tests say in a protocol."""
    sample = runpy.run_path(str(SAMPLES / name / "sample.py"))
    opening = sample["OPENING"]
    below = dialects()[name].path if dialects()[name].prefixed else ""
    path = f"{below}{opening.path}?{urlencode(opening.query)}"
    offers = [offer.replace("good-token", bearer) for offer in opening.subprotocols]
    client = server.connect()
    status, _ = await client.upgrade(
        path, **({"Sec_WebSocket_Protocol": ", ".join(offers)} if offers else {})
    )
    assert status == 101
    for text in [*sample["AUTHENTICATE"], *sample["SUBSCRIBE"]]:
        await client.send(text.replace("good key", KEY))
        await client.send(text.replace("good key", f"{KEY}-not"))
    await trio.sleep(1)


@pytest.mark.parametrize("name", dialects())
async def test_no_secret_is_kept_in_any_protocol(open_server, kept, tmp_path, name):
    """Good keys and wrong ones, tokens, in messages, in the URL and in the handshake; refused ones too."""
    async with open_server(kept()) as server:
        bearer = await token(server)
        await speak(server, name, bearer)
        for field in ("key", "apiKey", "token", "symbol"):
            for secret in (KEY, bearer or KEY, f"{KEY}x"):
                client = server.connect()
                await client.upgrade(f"{dialects()[name].path}?{field}={secret}")
                await client.send(json.dumps({"type": "subscribe", "channels": [secret], "symbol": secret}))
                await trio.sleep(0.1)
        await trio.sleep(1)
    files = list((tmp_path / "log").iterdir())
    everything = b"".join(path.read_bytes() for path in files)
    assert files
    assert everything.count(b'"direction":"in"') >= 2
    assert everything.count(b"[key]") >= 3
    for secret in (*SECRETS, *(bearer.split(".")[1:] if bearer else ())):
        assert secret.encode() not in everything


async def test_requests_are_kept_without_their_keys(open_server, kept, tmp_path):
    """Every endpoint that takes a key, with it and with a wrong one: what was asked and answered."""
    async with open_server(kept()) as server:
        bearer = await token(server)
        asked = 0
        for endpoint in all_endpoints(server.context.listing, server.settings.web):
            access = endpoint.access
            if not endpoint.metered or endpoint.method != "GET" or not access.header:
                continue
            good = bearer if access.token else ADMIN_KEY if endpoint.path.startswith("/admin") else KEY
            for shown in (good, f"{KEY}-wrong"):
                header = {access.header.replace("-", "_"): access.prefix + shown}
                await ask(server.connect(), f"{endpoint.path}?key=&symbol={shown}", **header)
                asked += 1
        await ask(server.connect(), "/healthz")
        await trio.sleep(1)
    files = {path.name: lines(tmp_path, path.name) for path in (tmp_path / "log").iterdir()}
    everything = json.dumps(files)
    said = [line for its in files.values() for line in its]
    assert len(said) == asked + 1  # that for a token
    assert {line["status"] for line in said} >= {200, 401}
    for secret in (*SECRETS, *bearer.split(".")[1:]):
        assert secret not in everything


@pytest.mark.parametrize(
    ("body", "kept_of_it"),
    [
        (
            b"symbol=BTCUSDT&signature=00ff00ff&apiKey=x",
            {"body": "symbol=BTCUSDT&signature=[key]&apiKey=[key]"},
        ),
        (b'{"symbol": "BTCUSDT", "secret": "x"}', {"body": '{"symbol": "BTCUSDT", "secret": "[key]"}'}),
        (b"my key is x", {"body_bytes": 11, "readable": False}),
        (b"apiKey x&y=z", {"body_bytes": 12, "readable": False}),
        (b"\xff\xfe", {"body_bytes": 6, "readable": False}),
    ],
)
async def test_bodies_are_kept_where_they_can_be_read(open_server, kept, tmp_path, body, kept_of_it):
    """JSON and forms; of anything else the length, for it may hold a secret that nobody would find."""
    async with open_server(kept()) as server:
        await ask(server.connect(), "/api/v1/token", method="POST", body=body)
        await trio.sleep(1)
    (line,) = lines(tmp_path, "keyless.jsonl")
    assert {name: line.get(name) for name in kept_of_it} == kept_of_it


class Through:
    """The way to another server, which answers."""

    def __init__(self, server):
        self.server = server

    def wants(self, endpoint):
        return endpoint.at_sequencer

    async def __call__(self, call):
        return await self.server.context.forwarded(call)


async def test_what_another_server_answers_is_kept_where_it_came(open_server, kept, tmp_path):
    """With the key that it has shown, which is looked at there; the other one keeps nothing of it."""
    for front_keeps in (False, True):
        settings = (kept(), None) if front_keeps else (None, kept())
        async with (
            open_server(settings[1]) as back,
            open_server(settings[0], parts=ServerParts(forward=Through(back))) as front,
        ):
            for key in (KEY, "wrong"):
                await ask(front.connect(), "/guide/api/v1/alerts", X_API_Key=key)
            await trio.sleep(1)
        said = [lines(tmp_path, name) for name in (DEMO, "keyless.jsonl")]
        assert [[line["status"] for line in its] for its in said] == (
            [[200], [401]] if front_keeps else [[], []]
        )


async def test_only_the_keys_that_were_named(open_server, kept, tmp_path):
    """Nothing of anybody else, nor of the same client before it has shown the key."""
    async with open_server(kept({"keys": ("admin",)})) as server:
        await server.subscribed("EURUSD")
        await ask(server.connect(), "/admin/clock", X_API_Key=ADMIN_KEY)
        await trio.sleep(1)
    assert [path.name for path in (tmp_path / "log").iterdir()] == ["key-admin.jsonl"]


def test_a_key_that_there_is_not(kept):
    """The operator is told, and which there are; so is who names keys and no directory."""
    settings = kept({"keys": ("demo", "nobody")}).message_log
    with pytest.raises(ConfigError, match="there is no key 'nobody'") as refused:
        _message_log(settings, KeyStore.demo())
    assert "demo" in refused.value.hint
    with pytest.raises(ConfigError, match="nothing says where") as refused:
        _message_log(MessageLogSettings(keys=("demo",)), KeyStore.demo())
    assert refused.value.where == "--log-messages-of"


# --- disks --------------------------------------------------------------------------------------------


class Kept:
    """A log on a disk of the test's own, and what the server's log says of it."""

    def __init__(self, tmp_path, **settings):
        self.disk = Disk()
        self.folder = tmp_path / "log"
        chosen = MessageLogSettings(directory=self.folder, **settings)
        files = RotatedFiles(self.folder, chosen, self.disk.open)
        self.log = MessageLog(files, chosen, known=lambda _: False, clock=lambda: 0.0)
        self.redactor = Redactor(lambda _: False)

    def take(self, n):
        self.log.take("alice", {"n": n}, self.redactor)

    @property
    def lines(self):
        found = []
        for path in self.folder.glob("*.jsonl"):
            found += [json.loads(line) for line in path.read_bytes().splitlines()]
        return [line.get("n", {"left out": line.get("left_out")}) for line in found]


async def test_a_full_disk_is_told_once_and_the_file_says_what_is_missing(tmp_path, autojump_clock):
    """Whoever writes messages is never held up, nor ended; with room again the log goes on."""
    kept = Kept(tmp_path)
    with structlog.testing.capture_logs() as said:
        async with kept.log.writing():
            kept.take(0)
            await trio.sleep(1)
            kept.disk.room = 0
            for n in range(1, 6):
                kept.take(n)
                await trio.sleep(1)
            assert kept.log.trouble == "No space left on device"
            kept.disk.room = 10_000
            await trio.sleep(6)
            kept.take(6)
            await trio.sleep(6)
            assert kept.log.trouble == ""
            kept.take(7)
    assert kept.lines == [0, {"left out": 5}, 6, 7]
    assert kept.log.left_out == 5
    assert [(line["log_level"], line["event"]) for line in said] == [
        ("error", "messages are left out of their log"),
        ("info", "messages are kept again"),
    ]


async def test_what_waits_is_bounded(tmp_path, autojump_clock):
    """Past the bound messages are left out, and the file says how many."""
    kept = Kept(tmp_path, waiting_bytes=1024)
    with structlog.testing.capture_logs() as said:
        async with kept.log.writing():
            for n in range(100):
                kept.take(n)
            assert kept.log.trouble == TOO_SLOW
            await trio.sleep(6)
            assert kept.log.trouble == ""
            kept.take(100)
    assert kept.lines == [{"left out": 97}, 0, 1, 2, 100]
    assert len(said) == 2


async def test_what_a_client_said_unseen_is_in_no_answer(tmp_path, autojump_clock):
    """Where a message was left out there is no telling which secret an answer repeats."""
    kept = Kept(tmp_path, waiting_bytes=1024)
    async with kept.log.writing():
        kept.log.take("alice", {"n": 0}, kept.redactor, texts={"message": "x" * 1000})
        await trio.sleep(6)
        kept.log.take(
            "alice", {"n": 1}, kept.redactor, payload=b'{"message":"Unknown symbol: hunter2-hunter2"}'
        )
    (path,) = kept.folder.iterdir()
    assert b"hunter2" not in path.read_bytes()
    assert kept.lines == [{"left out": 1}, 1]


async def test_an_entry_that_cannot_be_made_ends_nothing(tmp_path, autojump_clock, monkeypatch):
    """A defect of ours costs the line, and is told."""
    kept = Kept(tmp_path)
    monkeypatch.setattr(Redactor, "message", lambda *_: 1 / 0)
    with structlog.testing.capture_logs() as said:
        async with kept.log.writing():
            kept.log.take("alice", {"n": 0}, kept.redactor, texts={"message": "{}"})
            kept.take(1)
    assert kept.lines == [1]
    assert [line["event"] for line in said] == ["bug in the log of messages"]


async def test_a_disk_that_hangs_holds_up_no_shutdown(tmp_path, autojump_clock, monkeypatch):
    """What it has not taken in time is lost, and that is told."""

    async def hanging(_):
        await trio.sleep_forever()

    monkeypatch.setattr("feed.server.message_log.log.in_thread", hanging)
    kept = Kept(tmp_path, stall_seconds=2.0)
    with structlog.testing.capture_logs() as said:
        async with kept.log.writing():
            kept.take(0)
            await trio.sleep(1)
            began = trio.current_time()
        assert trio.current_time() - began == pytest.approx(2)
    assert [line["reason"] for line in said] == [TOO_SLOW]


def test_a_compressed_message_that_is_damaged_is_not_kept():
    """What cannot be inflated is noted by its length, and one that inflates without end is not inflated."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    huge = bomb.compress(bytes(50_000_000)) + bomb.flush()
    for payload in (b"\xff\xff\xff", huge):
        entry = Entry(
            owner="", time=0.0, facts={}, payload=payload, packed=True, redactor=Redactor(bool), most=1000
        )
        assert json.loads(entry.line(SentTexts()))["message_bytes"] == len(payload)
