"""Keys that change while they are served: what stands on a key that is gone ends, and nothing else does."""

import attrs
import pytest
import structlog
import trio
import trio.lowlevel
import trio.testing
from asking import ADMIN, API_KEY, ask
from clients import request

from feed import Settings
from feed.model.grants import Grant, Scope
from feed.server.keyedit import add_entry, revoke, rotate
from feed.server.keys import entry_for, new_key

TICKER = "/v1/market/ticker?symbol=EURUSD"
DESK, OTHER, NEW = (new_key("tk_test_", bytes([at]) * 16) for at in range(3))
GRANT = Grant(name="desk", account=7, scopes=(Scope.READ, Scope.TRADE))
SECRET = "hush"
GONE = (1008, "The key is not valid any more")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """A virtual clock would not wait for a thread."""

    async def run(function, *args):
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr("feed.server.keywatch._in_a_thread", run)


@pytest.fixture
def path(tmp_path):
    """A keys file with two keys."""
    path = tmp_path / "keys.toml"
    add_entry(path, entry_for(DESK, GRANT, secret=SECRET))
    add_entry(path, entry_for(OTHER, Grant(name="other")))
    return path


async def reading(server, key, **options):
    """A tick client that is authenticated."""
    client = await server.upgraded(**options)
    await client.send({"type": "auth", "apiKey": key})
    assert (await client.messages(2))[1]["success"]
    return client


async def ends(client):
    """How the server closes a connection."""
    _, code, reason = await client.rest()
    return code, reason


async def serves(client):
    await client.send({"type": "list"})
    return (await client.message())["type"] == "subscriptions"


async def taken_over(server):
    """Let the file be looked at."""
    server.context.key_watch.ask()
    await trio.sleep(0.1)


async def test_a_revoked_key_ends_what_stands_on_it(open_server, path):
    """Streams by key and by token, requests, and tokens; others go on, the admin's key and demo keys too."""
    async with open_server(Settings(keys=path)) as server:
        gone, stays, demo = [await reading(server, key) for key in (DESK, OTHER, "tk_live_a1b2c3d4e5f6")]
        idle = await server.upgraded()
        await idle.message()
        secret = {"X-Api-Key": DESK, "X-Api-Secret": SECRET}
        *_, token = await ask(server.connect(), "/api/v1/token", method="POST", **secret)
        board = {"Sec_WebSocket_Protocol": f"authorization#{token['access_token']}"}
        rails = server.connect()
        assert (await rails.upgrade("/rails?market=EURUSD", **board))[0] == 101
        revoke(path, "desk")
        await taken_over(server)
        assert [await ends(client) for client in (gone, rails)] == [GONE, GONE]
        assert [await serves(client) for client in (stays, demo)] == [True, True]
        assert (await ask(server.connect(), TICKER, X_API_Key=DESK))[0] == 401
        assert (await ask(server.connect(), TICKER, X_API_Key=OTHER))[0] == 200
        assert (await ask(server.connect(), TICKER, **API_KEY))[0] == 200
        assert (await ask(server.connect(), "/admin/clock", **ADMIN))[0] == 404
        assert (await ask(server.connect(), "/api/v1/token", method="POST", **secret))[0] == 401
        assert (await server.connect().upgrade("/rails?market=EURUSD", **board))[0] == 401
        assert server.ended == {"key revoked": 2}


async def test_a_change_is_noticed_without_a_word(open_server, path):
    """Within the seconds that the settings name."""
    async with open_server(Settings(keys=path, keys_seconds=5.0)) as server:
        client = await reading(server, DESK)
        revoke(path, "desk")
        with trio.fail_after(5.5):
            assert await ends(client) == GONE


async def test_a_new_key_opens(open_server, path):
    """Nobody is cut for it."""
    async with open_server(Settings(keys=path)) as server:
        client = await reading(server, DESK)
        assert (await ask(server.connect(), TICKER, X_API_Key=NEW))[0] == 401
        add_entry(path, entry_for(NEW, Grant(name="new")))
        await taken_over(server)
        assert (await ask(server.connect(), TICKER, X_API_Key=NEW))[0] == 200
        assert await serves(client)


async def test_a_rotated_key_is_good_until_the_overlap_ends(open_server, path, monkeypatch):
    """Both are, meanwhile; then what stands on the old one ends, to the second, and the new one stays."""
    now = 1_800_000_000.0
    clock = trio.lowlevel.current_clock()
    began = clock.current_time()
    wall = lambda: now + clock.current_time() - began  # noqa: E731
    async with open_server(Settings(keys=path, keys_seconds=3600.0), wall=wall) as server:
        old = await reading(server, DESK, polite=True)
        rotate(path, "desk", entry_for(NEW, GRANT), now=wall(), overlap=20)
        await taken_over(server)
        new = await reading(server, NEW)
        assert await serves(old)
        with trio.fail_after(21):
            assert await ends(old) == GONE
        assert wall() - now == pytest.approx(20, abs=1)
        assert await serves(new)
        assert (await ask(server.connect(), TICKER, X_API_Key=DESK))[0] == 401


async def test_a_key_that_allows_less_must_be_shown_again(open_server, path):
    """What a connection may do was decided by what the key allowed."""
    async with open_server(Settings(keys=path)) as server:
        client, other = await reading(server, DESK), await reading(server, OTHER)
        text = path.read_text().replace('scopes = ["read", "trade"]', 'scopes = ["read"]')
        path.write_text(text)
        await taken_over(server)
        assert await ends(client) == GONE
        assert await serves(other)
        assert await serves(await reading(server, DESK))


@pytest.mark.parametrize("text", ["[[key]]\nname =\n", "keys = 1\n", "\xff", None])
async def test_a_broken_file_changes_nothing_and_says_so(open_server, path, text):
    """In one line, with the place; the next good one is taken over."""
    async with open_server(Settings(keys=path)) as server:
        client = await reading(server, DESK)
        good = path.read_bytes()
        if text is None:
            path.unlink()
        else:
            path.write_bytes(text.encode("latin-1"))
        with structlog.testing.capture_logs() as logs:
            await taken_over(server)
        assert await serves(client)
        assert (await ask(server.connect(), TICKER, X_API_Key=OTHER))[0] == 200
        [line] = logs
        assert (line["log_level"], "exc_info" in line) == ("error", False)
        assert line["event"] == "keys file not taken over, the keys stay as they were"
        assert line["reason"].startswith(str(path))
        path.write_bytes(good)
        revoke(path, "desk")
        await taken_over(server)
        assert await ends(client) == GONE


@pytest.mark.parametrize("steps", range(12))
async def test_a_key_that_goes_during_the_handshake_opens_nothing(open_server, path, steps):
    """There is no moment at which a connection is overlooked."""
    async with open_server(Settings(keys=path)) as server:
        secret = {"X-Api-Key": DESK, "X-Api-Secret": SECRET}
        *_, token = await ask(server.connect(), "/api/v1/token", method="POST", **secret)
        client = server.connect(capacity=20)
        await client.send_bytes(
            request("/rails?market=EURUSD", Sec_WebSocket_Protocol=f"authorization#{token['access_token']}")
        )
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        server.context.key_watch._key_store.replace(())
        server.context.key_watch._end_others()
        with trio.fail_after(5):
            while await client.stream.receive_some():
                pass
        assert server.left[0] == 0


def test_a_key_is_the_same_while_it_allows_the_same():
    """Which is what a mark is for."""
    entry = entry_for(DESK, GRANT)
    assert entry.mark == attrs.evolve(entry, grant=Grant(name="x")).mark
    assert entry.mark != entry_for(OTHER, GRANT).mark
    assert len(entry.mark) == 32
