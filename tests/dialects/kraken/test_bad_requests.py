"""Signed requests that make no sense are refused in the exchange's words; nothing breaks, nothing acts."""

import json

import pytest
from binance_server import KEYS
from kraken_server import kraken_exchange, signature

METHODS = ("AddOrder", "AddOrderBatch", "AmendOrder", "CancelOrderBatch", "Ledgers")
BODIES = (
    b'{"nonce":"%d","orders":{"a":1}}',
    b'{"nonce":"%d","pair":["XBTUSD"],"orders":[1,2]}',
    b'{"nonce":"%d","pair":"XBTUSD","orders":[{"type":[]},{"type":{}}]}',
    b'{"nonce":"%d","pair":"XBTUSD","txid":null,"orders":[[[]],null]}',
    b'{"nonce":"%d","\\ud800":1}',
    b'{"nonce":"%d","volume":1e400,"pair":"XBTUSD","type":"buy","ordertype":"limit","price":1}',
    b"nonce=%d&pair=XBTUSD&type=buy&ordertype=limit&price=1e99&volume=1e99",
    b"nonce=%d&pair=XBTUSD&type=buy&ordertype=limit&price=50000&volume=%%FF%%00",
    b"nonce=%d&txid=,,,&pair=%%00&cl_ord_id=%%F0%%9F%%98%%80&userref=%%D9%%A1",
    b"nonce=%d&txid=OAAAAA-AAAAA-AAAAAA&order_qty=.&limit_price=-1&id=L&start=%%2B&asset=%%00",
    b"nonce=%d&" + b"&".join(b"x%03d=1" % at for at in range(400)),
)


@pytest.fixture
async def server(autojump_clock):
    """A market in which an account has one order."""
    async with kraken_exchange() as server:
        yield server


async def test_nothing_breaks_and_nothing_acts(server):
    """Each is answered with an error, whatever is asked with it."""
    txid = await server.order(price="30000", timeinforce="GTC")
    nonce = 1000
    for method in METHODS:
        for pattern in BODIES:
            nonce += 1
            body = pattern % nonce
            sign = signature(f"/0/private/{method}", str(nonce), body)
            media = "application/json" if body.startswith(b"{") else "application/x-www-form-urlencoded"
            status, found = await server.post(method, body, key=KEYS["alice"], sign=sign, media=media)
            assert status == 200, (method, body)
            if method == "Ledgers" and found["error"] == []:
                continue  # what it does not know it passes over
            (error,) = found["error"]
            assert error.startswith(("EGeneral:Invalid arguments", "EOrder:", "EQuery:", "EAPI:Invalid ")), (
                body
            )
            assert len(error) < 200
    found = await server.ask("alice", "OpenOrders", nonce=str(nonce + 1))
    assert list(found["result"]["open"]) == [txid]


async def test_names_of_parameters_are_not_told_back_at_length(server):
    """An error is short, whatever was sent."""
    long = "x" * 5000
    error = await server.refusal("alice", "CancelAll", **{long: "1"})
    assert len(error) < 200
    listed = {"as_json": True, "pair": "XBTUSD", long: json.dumps([])}
    assert len(await server.refusal("alice", "AddOrderBatch", **listed)) < 200
