"""What goes wrong on purpose with Kraken's streams, as its clients meet it."""

import json

import pytest
from asking import ADMIN, ask
from scripts import Script, quote

from feed.dialects.checksums import of_digits
from feed.faults.contract import FaultPlan
from feed.model.events import LEVEL
from feed.model.faults import Aim, BrokenChecksum

pytestmark = pytest.mark.protocols("kraken")

SECOND = 1_000_000_000
START = 10**18
BOOK = {"method": "subscribe", "params": {"channel": "book", "symbol": ["EUR/USD"]}}
FIRST_BOOK = {"event": "subscribe", "pair": ["EUR/USD"], "subscription": {"name": "book"}}


def level(price, lots, second=0.0):
    return (LEVEL, 0, START + int(second * SECOND), 0, price, lots)


def proves(message):
    """Whether the checksum of a book of one bid is that of the bid."""
    [data] = message["data"]
    [bid] = data["bids"]
    return data["checksum"] == of_digits([(bid["price"], bid["qty"])], [])


async def listening(server):
    """Who hears the book of the second version, and what they were told first."""
    client = await server.upgraded("/kraken/v2")
    await client.message()  # the status
    await client.send(BOOK)
    await client.messages(2)  # that it is so, and the book
    return client


async def book(client):
    """The next message of a book, as the texts of its numbers."""
    while True:
        message = json.loads(await client.text(), parse_float=str)
        if message.get("channel") == "book":
            return message


async def test_a_checksum_is_broken_at_run_time(server):
    """Once, for who is there and for who comes; the book itself is the market's."""
    client = await listening(server)
    status, _, added = await ask(
        server.connect(),
        "/admin/faults",
        method="POST",
        body=json.dumps(
            {"name": "wrong", "kind": "broken-checksum", "messages": 1, "channel": "book"}
        ).encode(),
        **ADMIN,
    )
    assert (status, added["connections"]) == (201, 1)
    server.script.play(level(100, 5), level(100, 6))
    wrong, right = await book(client), await book(client)
    assert wrong["data"][0]["bids"] == [
        {"price": "0.00100", "qty": right["data"][0]["bids"][0]["qty"][:-1] + "5"}
    ]
    assert [proves(wrong), proves(right)] == [False, True]


async def test_a_checksum_is_broken_in_a_scenario(open_server):
    """From its time on until it is over; in the first version too, where it is called otherwise."""
    fault = BrokenChecksum(at=SECOND, fraction=1, duration=SECOND, aim=Aim(dialect="kraken"))
    script = Script(opening=[quote(at, 100, ts=START) for at in range(3)])
    async with open_server(None, script, FaultPlan(faults=(fault,), seed=5, start=START)) as server:
        client, first = await listening(server), await server.upgraded("/kraken/v1")
        await first.message()
        await first.send(FIRST_BOOK)
        await first.messages(2)
        sums = []
        for second in (0.5, 1.5, 2.5):
            server.script.play(level(100, 5, second))
            sums.append(await book(client))
            while not isinstance(told := await first.message(), list):
                pass
            [changed] = [part for part in told if isinstance(part, dict)]
            assert changed["c"] == str(sums[-1]["data"][0]["checksum"])
        assert [proves(message) for message in sums] == [True, False, True]
