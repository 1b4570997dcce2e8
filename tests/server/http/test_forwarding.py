"""A request that comes to one server and is answered by another, where the market is."""

import json
from contextlib import asynccontextmanager

import msgspec
import pytest
import trio
from asking import ADMIN, API_KEY, BEARER, ask
from clients import KEY
from scripts import Script, quote
from servers import open_server

from feed import Settings
from feed.dialects.access import Problem
from feed.dialects.discovery import dialects
from feed.model.arrival import HERE
from feed.server.http.admin import ADMIN as ADMIN_ACCESS
from feed.server.http.app import all_endpoints
from feed.server.http.forwarding import ForwardedAnswer, ForwardedCall
from feed.server.router import ListenerConfig
from feed.server.server_parts import ServerParts
from feed.settings import Web

ALERTS = "/guide/api/v1/alerts"
WANTED = {"symbol": "EURUSD", "condition": "price_above", "threshold": "1"}


class Through:
    """Hands calls to another server, over bytes."""

    def __init__(self, server):
        self.server = server
        self.calls = []
        self.problem = None

    def wants(self, endpoint):
        return endpoint.at_sequencer

    async def __call__(self, call):
        if self.problem is not None:
            raise self.problem
        self.calls.append(call)
        found = msgspec.msgpack.decode(msgspec.msgpack.encode(call), type=ForwardedCall)
        answer = await self.server.context.forwarded(found)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(answer), type=ForwardedAnswer)


@asynccontextmanager
async def two(settings=None, **more):
    """A server that answers, and one that hands on to it, with what does that."""
    async with open_server(settings, **more) as back:
        through = Through(back)
        async with open_server(settings, parts=ServerParts(forward=through)) as front:
            yield front, back, through


def test_which_requests_are_answered_where_the_market_is():
    """All that may change something; of the others those that show what is known there alone."""
    endpoints = all_endpoints(Script().listing, Web())
    assert all(one.at_sequencer for one in endpoints if one.method != "GET" or one.access is ADMIN_ACCESS)
    assert {one.path for one in endpoints if one.method == "GET" and one.at_sequencer} == {
        *("/admin/clock", "/admin/scenario", "/admin/large-orders", "/admin/faults", "/admin/accounts"),
        *("/admin/connections", "/admin/connections/messages"),
        *("/guide/api/v1/alerts", "/guide/api/v1/webhooks", "/marketai/api/v1/webhooks"),
    }


@pytest.mark.parametrize(
    ("path", "options"),
    [
        (ALERTS, {"method": "POST", "body": json.dumps(WANTED).encode(), **API_KEY}),
        (ALERTS, {"method": "POST", "body": b"{", **API_KEY}),
        (ALERTS, {"method": "POST", "body": json.dumps(WANTED).encode()}),
        (ALERTS, {"method": "HEAD", **API_KEY}),
        ("/admin/clock", ADMIN),
        ("/admin/accounts?account=1&unknown=%20", ADMIN),
        ("/v1/api/trade", {"method": "POST", "body": b'{"symbol":"EURUSD"}', **BEARER}),
        ("/kraken/0/private/Balance", {"method": "POST", "body": b"nonce=1", "API_Key": KEY}),
        ("/coinbase-exchange/orders/a%20b", {"method": "DELETE"}),
        (f"{ALERTS}?key={KEY}", {}),
    ],
)
async def test_it_is_answered_as_there(autojump_clock, path, options):
    """Status, headers and body are those of a client of the other server."""
    async with two() as (front, _, through), open_server() as alone:
        answers = [await ask(one.connect(), path, **options) for one in (front, alone)]
        for _, headers, _ in answers:
            headers.pop("date", None)
        assert answers[0] == answers[1]
        assert len(through.calls) == 1


async def test_a_change_is_made_there_and_nowhere_else(autojump_clock):
    """And who asks either server sees it."""
    async with two() as (front, back, _):
        body = json.dumps(WANTED).encode()
        status, _, _ = await ask(front.connect(), ALERTS, method="POST", body=body, **API_KEY)
        assert status in (200, 201)
        shown = [(await ask(one.connect(), ALERTS, **API_KEY))[2] for one in (front, back)]
        assert (len(shown[0]), shown[0]) == (1, shown[1])
        assert [len(one.context.alerts.book) for one in (front, back)] == [0, 1]


async def test_where_a_client_is_goes_with_its_request(autojump_clock):
    """The market is steered from its own machine, and by no page of somebody else."""
    async with two() as (front, _, _):
        far = front.connect(peer="192.0.2.7", local="192.0.2.1")
        status, _, body = await ask(far, "/admin/faults", **ADMIN)
        assert (status, body["error"]["message"]) == (
            403,
            "The market is steered from the machine it runs on",
        )
        status, _, body = await ask(front.connect(), "/admin/faults", Origin="https://evil.example", **ADMIN)
        assert (status, "evil.example may not do this" in body["error"]["message"]) == (403, True)


async def test_the_prefix_of_a_port_of_its_own_may_be_left_out(autojump_clock):
    """The request is handed on with it."""
    async with two() as (front, _, through):
        client = front.connect(config=ListenerConfig(dialect=dialects()["kraken"]))
        status, _, body = await ask(client, "/0/private/Balance", method="POST", body=b"nonce=1")
        assert (status, body) == (200, {"error": ["EAPI:Invalid key"]})
        assert [(one.path, one.raw_path) for one in through.calls] == [
            ("/kraken/0/private/Balance", b"/0/private/Balance")
        ]


async def test_one_place_counts(autojump_clock):
    """A client has at a server that hands on the quota that it has at the other one, and no second one."""
    async with two(Settings(web=Web(requests_per_second=3))) as (front, back, _):
        asked = [await ask(one.connect(), ALERTS, **API_KEY) for one in (front, back, front, back)]
        assert [status for status, _, _ in asked] == [200, 200, 200, 429]
        assert [headers["x-ratelimit-remaining"] for _, headers, _ in asked] == ["2", "1", "0", "0"]


async def test_a_body_is_read_where_it_arrives(autojump_clock):
    """One that is too long is refused there, and the connection is closed."""
    async with two(Settings(web=Web(body_bytes=100))) as (front, _, through):
        status, headers, _ = await ask(front.connect(), ALERTS, method="POST", body=bytes(101), **API_KEY)
        assert (status, headers["connection"], through.calls) == (413, "close", [])


async def test_nobody_answers(autojump_clock):
    """The refusal is worded as the protocol's; what is read is answered as ever."""
    async with two() as (front, _, through):
        through.problem = Problem(503, "unavailable", "Nobody is there")
        status, _, body = await ask(front.connect(), "/kraken/0/private/Balance", method="POST")
        assert (status, body) == (503, {"error": ["EService:Unavailable"]})
        status, _, body = await ask(front.connect(), ALERTS, **API_KEY)
        assert (status, body["error"]["message"]) == (503, "Nobody is there")
        assert (await ask(front.connect(), "/kraken/0/public/Time"))[0] == 200


async def test_a_bug_is_not_shown(autojump_clock):
    """500, as for one in an endpoint."""
    async with two() as (front, _, through):
        through.problem = ZeroDivisionError()
        assert (await ask(front.connect(), ALERTS, **API_KEY))[0] == 500


async def test_what_is_not_served_there(autojump_clock):
    """404, whoever hands it on."""
    async with open_server() as back:
        call = ForwardedCall(
            template="/nothing",
            method="POST",
            scheme="http",
            path="/nothing",
            raw_path=b"/nothing",
            query=b"",
            headers=(),
            arrival=HERE,
            in_path={},
            guard_problem="",
            body=b"",
        )
        assert (await back.context.forwarded(call)).status == 404


class Slow:
    """A log that takes nothing until it is told to."""

    def __init__(self):
        self.takes = trio.Event()
        self.takes.set()

    async def append(self, rows, links, *, made, stood):
        await self.takes.wait()


async def test_changes_wait_for_the_log_of_the_market(autojump_clock):
    """For a bounded time: between two steps the log stands where the market does. Who reads does not."""
    log = Slow()
    async with two(step_log=log) as (front, back, _):
        log.takes = trio.Event()
        back.script.play(quote(0, 200))
        await trio.sleep(1)
        for one in (front, back):
            status, _, body = await ask(one.connect(), ALERTS, **API_KEY)
            assert (status, body["error"]["code"]) == (503, "unavailable")
            began = trio.current_time()
            assert (await ask(one.connect(), "/kraken/0/public/Time"))[0] == 200
            assert trio.current_time() == began
        log.takes.set()
        await trio.sleep(1)
        assert (await ask(front.connect(), ALERTS, **API_KEY))[0] == 200
