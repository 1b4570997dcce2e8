"""Signatures of requests: the exchange's own example, and what does not pass."""

import pytest
from binance_server import KEYS
from kraken_server import kraken_exchange, signature

from feed import Settings
from feed.dialects.credentials import Credentials
from feed.dialects.kraken.policy import KrakenPolicy
from feed.dialects.kraken.signing import message, nonce_of, verified
from feed.dialects.metering import DecayingCounter
from feed.model.grants import Grant
from feed.policies import Policies
from feed.server.durable.service_log import ServiceLog
from feed.server.nonces import Nonces

# As the guide "Spot REST Authentication" prints it.
SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
BODY = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
SIGNATURE = "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
HOLDER = Credentials(grant=Grant(name="alice"), mark="a", secret=SECRET)


def test_the_published_example_is_good():
    """Path, nonce and body as they stand there."""
    signed = message("/0/private/AddOrder", "1616492376594", BODY)
    assert verified(SIGNATURE, signed, HOLDER)
    assert not verified(SIGNATURE, message("/0/private/Balance", "1616492376594", BODY), HOLDER)
    assert not verified(SIGNATURE, message("/0/private/AddOrder", "1616492376595", BODY), HOLDER)
    assert not verified(SIGNATURE, message("/0/private/AddOrder", "1616492376594", BODY + b"0"), HOLDER)
    assert not verified("no base64", signed, HOLDER)
    assert not verified("", signed, HOLDER)


@pytest.mark.parametrize("secret", [None, "no base64"])
def test_a_key_without_a_secret_of_the_exchanges_kind_signs_nothing(secret):
    """Whatever is shown."""
    holder = Credentials(grant=Grant(name="alice"), mark="a", secret=secret)
    assert not verified(SIGNATURE, message("/0/private/AddOrder", "1616492376594", BODY), holder)


@pytest.mark.parametrize(
    ("text", "nonce"),
    [
        ("0", 0),
        ("18446744073709551615", 2**64 - 1),
        ("18446744073709551616", None),
        ("-1", None),
        ("1.5", None),
        ("\u0661", None),
        ("", None),
        (None, None),
    ],
)
def test_a_nonce_is_a_whole_number_of_64_bits(text, nonce):
    """And nothing else."""
    assert nonce_of(text) == nonce


def test_nonces_rise_for_each_key_and_few_keys_are_remembered():
    """The key is forgotten that has asked for nothing longest."""
    nonces = Nonces(2, ServiceLog())
    assert nonces.take("a", 5)
    assert not nonces.take("a", 5)
    assert not nonces.take("a", 4)
    assert nonces.take("b", 1)
    assert nonces.take("a", 6)
    assert nonces.take("c", 1)
    assert not nonces.take("a", 6)
    assert nonces.take("b", 1)


async def test_who_is_let_in(autojump_clock):
    """A good key, its signature over this very request, a nonce that rises; refused with status 200."""
    async with kraken_exchange() as server:
        refused = server.refusal
        assert await server.result("alice", "Balance", nonce="10")
        assert await refused("alice", "Balance", nonce="10") == "EAPI:Invalid nonce"
        assert await refused("alice", "Balance", nonce="9") == "EAPI:Invalid nonce"
        assert await refused("alice", "Balance", nonce="x") == "EAPI:Invalid nonce"
        assert await server.result("alice", "Balance", nonce="11", as_json=True)
        assert await server.result("bob", "Balance", nonce="1")
        assert await refused("carol", "CancelAll", nonce="1") == "EGeneral:Permission denied"
        assert await server.result("carol", "Balance", nonce="2")
        assert await refused("erin", "Balance", nonce="1") == "EAPI:Invalid key"
        sign = signature("/0/private/Balance", "12", b"nonce=12")
        for key, shown, error in (
            (KEYS["alice"], "", "EAPI:Invalid signature"),
            (KEYS["alice"], None, "EAPI:Invalid signature"),
            (KEYS["alice"], signature("/0/private/Balance", "12", b"nonce=13"), "EAPI:Invalid signature"),
            ("nobody", sign, "EAPI:Invalid key"),
            (None, sign, "EAPI:Invalid key"),
        ):
            assert await server.post("Balance", b"nonce=12", key=key, sign=shown) == (200, {"error": [error]})
        status, found = await server.post("Balance", b"nonce=12", key=KEYS["alice"], sign=sign)
        assert (status, found["error"]) == (200, [])


async def test_a_query_is_signed_with_the_body(autojump_clock):
    """Nobody can add a parameter to what a client has signed."""
    async with kraken_exchange() as server:
        body, query = b"nonce=20&pair=XBTUSD&type=buy&ordertype=limit&price=1000", b"volume=0.5"
        signed = {
            "body alone": signature("/0/private/AddOrder", "20", body),
            "both": signature("/0/private/AddOrder", "20", query + body),
        }
        method = f"AddOrder?{query.decode()}"
        status, found = await server.post(method, body, key=KEYS["alice"], sign=signed["body alone"])
        assert (status, found) == (200, {"error": ["EAPI:Invalid signature"]})
        assert not (await server.result("bob", "OpenOrders"))["open"]
        _, found = await server.post(method, body, key=KEYS["alice"], sign=signed["both"])
        assert found["error"] == []


def test_a_count_goes_down_all_the_time():
    """What is refused is not counted; few names are remembered, those that were there last."""
    counter = DecayingCounter(3, 0.5, most=2)
    assert [counter.charge("a", 1, 10.0) for _ in range(4)] == [True, True, True, False]
    assert not counter.charge("a", 1, 11.0)
    assert counter.charge("a", 1, 12.0)
    assert not counter.charge("a", 1, 11.0)
    assert counter.charge("b", 3, 12.0)
    assert counter.charge("c", 3, 12.0)
    assert counter.charge("a", 3, 12.0)
    assert not counter.charge("a", 4, 100.0)


async def test_who_asks_too_often_about_an_account_is_refused(autojump_clock):
    """By key; histories count double, orders nothing; after a while it may ask again."""
    limited = Settings(policies=Policies(kraken=KrakenPolicy(private_calls=4)))
    async with kraken_exchange(limited) as server:
        for _ in range(2):
            await server.result("alice", "TradesHistory")
        for method in ("Balance", "GetWebSocketsToken"):
            assert await server.refusal("alice", method) == "EAPI:Rate limit exceeded"
        await server.order(ordertype="market")
        await server.result("alice", "CancelAll")
        await server.result("alice too", "Balance")
        server.wall += 2
        await server.result("alice", "Balance")
        assert await server.refusal("alice", "Balance") == "EAPI:Rate limit exceeded"
