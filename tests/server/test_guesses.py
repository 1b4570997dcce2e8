"""Wrong keys: counted by the address they come from, and past a bound not looked at."""

import json

import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, ask
from clients import KEY, Closed, request
from hypothesis import given
from hypothesis import strategies as st

from feed import Limits, Settings
from feed.server.guesses import WrongKeyCounter

THREE = Settings(limits=Limits(wrong_keys_per_minute=3))
TICKER = "/v1/market/ticker?symbol=EURUSD"
SECRET = {"X-Api-Key": KEY, "X-Api-Secret": "demo-secret"}
WORDS = "Too many wrong keys from your address"


class Clock:
    """Seconds that a test sets."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def test_wrong_keys_are_counted_by_address_and_forgotten_with_the_minute():
    """Whoever has had too many waits until it is over; others do not."""
    clock = Clock()
    guesses = WrongKeyCounter(Limits(wrong_keys_per_minute=2), clock)
    for _ in range(5):
        guesses.wrong("10.0.0.1")
    clock.now = 15.0
    assert guesses.wait("10.0.0.1", b"any") == 45.0
    assert guesses.wait("10.0.0.2", b"any") == 0.0
    clock.now = 60.0
    assert guesses.wait("10.0.0.1", b"any") == 0.0


def test_what_was_good_there_before_is_looked_at_all_the_same():
    """A neighbour who guesses locks nobody out; the same key from elsewhere is a guess like any other."""
    guesses = WrongKeyCounter(Limits(wrong_keys_per_minute=1), Clock())
    guesses.good("10.0.0.1", b"mine")
    for address in ("10.0.0.1", "10.0.0.2"):
        guesses.wrong(address)
    assert guesses.wait("10.0.0.1", b"mine") == 0.0
    assert guesses.wait("10.0.0.1", b"other") == 60.0
    assert guesses.wait("10.0.0.2", b"mine") == 60.0


def test_addresses_of_one_site_are_one():
    """Whoever has an IPv6 address has 2^64 of them."""
    guesses = WrongKeyCounter(Limits(wrong_keys_per_minute=1), Clock())
    guesses.wrong("2001:db8::1")
    assert guesses.wait("2001:db8::ffff:1", b"") == 60.0
    assert guesses.wait("2001:db8:0:1::1", b"") == 0.0
    guesses.wrong("::ffff:10.0.0.1")
    assert guesses.wait("10.0.0.1", b"") == 60.0
    guesses.wrong("fe80::1%eth0")
    assert guesses.wait("fe80::2%eth0", b"") == 60.0


def test_memory_is_bounded():
    """Addresses past the bound share one count; of good keys the oldest are forgotten."""
    limits = Limits(wrong_keys_per_minute=2)
    guesses = WrongKeyCounter(limits, Clock())
    for number in range(limits.counted_addresses + 10):
        guesses.wrong(f"a{number}")
    assert len(guesses._wrong) == limits.counted_addresses + 1
    assert guesses.wait("somebody new", b"") == 60.0
    assert guesses.wait("a1", b"") == 0.0
    for number in range(limits.remembered_keys + 10):
        guesses.good("a", str(number).encode())
    assert len(guesses._good) == limits.remembered_keys


@given(st.text(max_size=40))
def test_any_address_is_one(address):
    """A transport may call its peer what it likes."""
    guesses = WrongKeyCounter(Limits(wrong_keys_per_minute=1), Clock())
    guesses.wrong(address)
    assert guesses.wait(address, b"") == 60.0


async def by_header(server, peer):
    status, headers, body = await ask(server.connect(peer=peer), TICKER, X_API_Key="wrong")
    return status, headers.get("retry-after"), body["error"]["message"]


async def by_bearer(server, peer):
    status, headers, body = await ask(server.connect(peer=peer), "/api/symbols", Authorization="Bearer wrong")
    return {403: 401}.get(status, status), headers.get("retry-after"), body["error"]


async def by_secret(server, peer):
    wrong = {**SECRET, "X-Api-Secret": "wrong"}
    status, headers, body = await ask(server.connect(peer=peer), "/api/v1/token", method="POST", **wrong)
    return status, headers.get("retry-after"), body["body"]


async def by_query(server, peer):
    client = server.connect(peer=peer)
    await client.send_bytes(request("/marketai?key=wrong"))
    status, headers, body = await client.answer()
    return status, headers.get("retry-after"), body["error"]["message"]


async def by_message(server, peer):
    client = await server.upgraded(peer=peer)
    await client.message()
    await client.send({"type": "auth", "apiKey": "wrong"})
    assert (await client.message())["type"] == "error"
    await client.send({"type": "list"})
    try:
        await client.message()
    except Closed as closed:
        return 429 if closed.code == 1008 else closed.code, "60", closed.reason
    return 401, None, ""


WAYS = [by_header, by_bearer, by_secret, by_query, by_message]


@pytest.mark.parametrize("last", WAYS)
@pytest.mark.parametrize("way", WAYS)
async def test_guessing_is_bounded_whatever_the_way(open_server, way, last):
    """Each wrong key counts once, in whatever way it is shown; then none is looked at from there."""
    async with open_server(THREE) as server:
        for _ in range(3):
            assert (await way(server, "10.0.0.1"))[0] == 401
        status, retry, words = await last(server, "10.0.0.1")
        assert (status, words.startswith(WORDS)) == (429, True), words
        assert 0 < int(retry) <= 60
        assert (await last(server, "10.0.0.2"))[0] == 401
        await trio.sleep(60)
        assert (await last(server, "10.0.0.1"))[0] == 401


async def test_a_good_key_is_no_answer_to_whoever_guesses(open_server):
    """It is refused as the wrong ones are, or guessing would go on; whoever was there before is served."""
    async with open_server(THREE) as server:
        assert (await ask(server.connect(), TICKER, **API_KEY))[0] == 200
        assert (await ask(server.connect(), "/api/v1/token", method="POST", **SECRET))[0] == 200
        for _ in range(3):
            assert (await by_header(server, "127.0.0.1"))[0] == 401
        assert (await ask(server.connect(), "/admin/clock", **ADMIN))[0] == 429
        for path, headers in ((TICKER, API_KEY), ("/api/symbols", BEARER)):
            assert (await ask(server.connect(), path, **headers))[0] == 200
        assert (await ask(server.connect(), "/api/v1/token", method="POST", **SECRET))[0] == 200
        client = await server.authenticated()
        await client.send({"type": "list"})
        assert json.loads(await client.text())["type"] == "subscriptions"


async def test_wrong_secrets_cost_the_owner_no_token(open_server):
    """Whoever knows the key alone cannot use up what it may fetch in a minute."""
    async with open_server(Settings(limits=Limits(wrong_keys_per_minute=1000))) as server:
        for _ in range(50):
            assert (await by_secret(server, "10.0.0.1"))[0] == 401
        for status in [200] * 20 + [429]:
            assert (await ask(server.connect(), "/api/v1/token", method="POST", **SECRET))[0] == status
