"""Requests cost what they make the server do, and a document is made once."""

import pytest
import trio
from asking import ask

from feed import Settings
from feed.server.budget import REQUEST
from feed.settings import Limits, Web

ELSEWHERE = "127.0.0.2"


async def test_requests_past_the_budget_of_an_address_are_slowed(open_server):
    """All its connections together; they are answered in the end, and another address is at once."""
    limits = Limits(address_work_per_second=10 * REQUEST, address_work_burst=10 * REQUEST, work_reserve=1)
    web = Web(requests_per_second=10_000)
    async with open_server(Settings(limits=limits, web=web)) as server:
        done = []

        async def push():
            client = server.connect()
            while True:
                assert (await ask(client, "/healthz"))[0] == 200
                done.append(trio.current_time())

        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(push)
            await trio.sleep(10)
            assert len(done) == pytest.approx(10 * 10, rel=0.2)
            with trio.fail_after(0.01):
                assert (await ask(server.connect(peer=ELSEWHERE), "/healthz"))[0] == 200
            nursery.cancel_scope.cancel()


async def test_a_long_answer_costs_more_than_a_short_one(server):
    """By its length, which is known when it has been made."""
    turns = server.context.registry.turns
    client = server.connect()
    await ask(client, "/healthz")
    spent = []
    for path in ("/healthz", "/openapi.json"):
        before = turns.spent
        await ask(client, path)
        await trio.testing.wait_all_tasks_blocked()
        spent.append(turns.spent - before)
    assert spent[1] > 2 * spent[0]


async def test_a_document_is_made_once(server, monkeypatch):
    """Making it takes milliseconds, in which nobody is served."""
    client = server.connect()
    first = await ask(client, "/docs")
    monkeypatch.setattr("feed.server.http.documents._page", None)
    monkeypatch.setattr("feed.server.http.documents.description", None)
    assert (await ask(client, "/docs"))[0] == 200
    assert (await ask(client, "/docs"))[2] == first[2]
    assert (await ask(client, "/openapi.json"))[0] == 500  # nobody had asked for it yet


async def test_nobody_waits_for_a_document_to_be_made(server, monkeypatch):
    """It can be made before anybody can connect: the first to ask is answered as all others are."""
    server.context.prepare()
    monkeypatch.setattr("feed.server.http.documents._page", None)
    monkeypatch.setattr("feed.server.http.documents.description", None)
    client = server.connect()
    assert (await ask(client, "/docs"))[0] == (await ask(client, "/openapi.json"))[0] == 200
