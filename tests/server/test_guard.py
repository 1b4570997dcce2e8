"""Web pages of others: what gives them away, and what they are kept from."""

import pytest
from asking import ADMIN, API_KEY, BEARER, ask
from clients import KEY, request
from hypothesis import given
from hypothesis import strategies as st

from feed import Settings
from feed.model.arrival import Arrival
from feed.server.guard import Guard, host_of
from feed.server.router import ListenerConfig

FAR = {"peer": "203.0.113.9", "local": "192.168.1.5"}
EVIL = "https://evil.example"


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost.:8080", "localhost"),
        ("api.securitypro.com:", "api.securitypro.com"),
        ("127.0.0.1:80", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("[0:0:0:0:0:0:0:1]", "::1"),
        ("[::ffff:127.0.0.1]:1", "127.0.0.1"),
        ("::1", "::1"),
        ("", None),
        (".", None),
        ("localhost..", None),
        (":8080", None),
        ("[localhost]", None),
        ("[::1", None),
        ("localhost:80x", None),
        ("localhost:80:80", None),
        ("localhost, evil.example", None),
        ("user@localhost", None),
        ("localhost/evil.example", None),
        ("localhost evil", None),
        ("localhost:123456", None),
    ],
)
def test_a_host_is_a_name_or_an_address(text, host):
    """Without its port, in one way of writing; all else is none."""
    assert host_of(text) == host


@given(st.text(max_size=60))
def test_any_text_is_a_host_or_none(text):
    """And what it gives is written the shortest way already."""
    host = host_of(text)
    assert host is None or host_of(host) == host


GUARD = Guard(("feed.example", "*.lan", "10.0.0.7", "[fe80::1]"), ("https://page.example", "null"))
NEAR, LAN = Arrival(), Arrival(peer="192.168.1.9", local="192.168.1.5", listening="0.0.0.0")


@pytest.mark.parametrize(
    ("host", "arrival", "good"),
    [
        ("localhost:8080", NEAR, True),
        ("LOCALHOST.", NEAR, True),
        ("app.localhost", NEAR, True),
        ("127.0.0.1", NEAR, True),
        ("127.9.9.9:1", NEAR, True),
        ("[::1]:8080", NEAR, True),
        ("FEED.example.:443", NEAR, True),
        ("box.lan", NEAR, True),
        ("10.0.0.7:8080", NEAR, True),
        ("[FE80:0::1]", NEAR, True),
        ("192.168.1.5:8080", LAN, True),
        ("0.0.0.0:8080", LAN, True),
        ("localhost", LAN, True),
        ("evil.example", NEAR, False),
        ("localhost.evil.example", NEAR, False),
        ("127.0.0.1.evil.example", NEAR, False),
        ("feed.example.evil.example", NEAR, False),
        ("lan", NEAR, False),
        ("a.b.lan", NEAR, False),
        ("192.168.1.5", NEAR, False),
        ("192.168.1.6", LAN, False),
        ("0.0.0.0", NEAR, False),
        ("[::]", NEAR, False),
        ("", NEAR, False),
        (None, NEAR, False),
        ("xn--zzzz99999999", NEAR, False),
        ("localhost\x00", NEAR, False),
    ],
)
def test_the_host_must_be_a_name_of_this_server(host, arrival, good):
    """Loopback, where the connection arrived, and what the operator names; else the page was rebound."""
    headers = {} if host is None else {"host": host}
    assert (GUARD.problem(headers, arrival) == "") is good


@pytest.mark.parametrize(
    ("origin", "good"),
    [
        ("http://localhost:3000", True),
        ("http://127.0.0.1", True),
        ("https://[::1]:5173", True),
        ("https://feed.example", True),
        ("https://page.example", True),
        ("null", True),
        ("https://page.example.evil.example", False),
        ("https://evil.example", False),
        ("http://page.example", False),
        ("http://localhost.evil.example", False),
        ("http://localhost@evil.example", False),
        ("chrome-extension://localhost", False),
        ("http://[", False),
        ("", False),
        ("localhost", False),
    ],
)
def test_the_origin_must_be_as_good_as_our_own(origin, good):
    """A page of this server by any of its names, or one that the operator names."""
    assert (GUARD.problem({"host": "localhost", "origin": origin}, NEAR) == "") is good


def test_the_operator_may_let_everybody_in():
    """Each list has a star."""
    assert Guard(("*",), ()).problem({"host": "evil.example"}, NEAR) == ""
    assert Guard((), ("*",)).problem({"host": "localhost", "origin": EVIL}, NEAR) == ""
    assert Guard((), ()).problem({"host": "localhost", "origin": "null"}, NEAR) != ""


def test_what_is_wrong_is_said_with_what_to_do():
    """The name that was asked by, and the option that would let it in."""
    assert GUARD.problem({"host": "other.example:80"}, NEAR) == (
        "other.example is no name of this server; start it with --allow-host other.example"
    )
    assert GUARD.problem({"host": "localhost", "origin": EVIL}, NEAR) == (
        f"Web pages of {EVIL} may not do this; start the server with --allow-origin {EVIL}"
    )


GUARDED = [
    ("GET", "/admin/clock", ADMIN),
    ("POST", "/admin/clock", ADMIN),
    ("GET", "/admin/faults", ADMIN),
    ("POST", "/api/v1/token", {"X-Api-Key": KEY, "X-Api-Secret": "demo-secret"}),
    ("POST", "/api/trade", BEARER),
    ("POST", "/v1/api/trade", BEARER),
    ("GET", "/api/account", BEARER),
    ("GET", "/api/positions", BEARER),
    ("GET", "/metrics", {}),
]
PUBLIC = [
    ("GET", "/v1/market/ticker?symbol=EURUSD", API_KEY),
    ("GET", "/api/tick?symbol=EURUSD", BEARER),
    ("GET", "/healthz", {}),
    ("GET", "/docs", {}),
]


@pytest.mark.parametrize(("method", "path", "headers"), GUARDED)
@pytest.mark.parametrize(
    "strange",
    [{"Host": "rebound.evil.example:8080"}, {"Host": "192.168.1.5"}, {"Origin": EVIL}, {"Origin": "null"}],
)
async def test_a_strange_page_cannot_do_what_the_owner_does(server, method, path, headers, strange):
    """With the best of keys: 403, in the words of the path; and no browser is told that it may look."""
    client = server.connect()
    status, answered, body = await ask(client, path, method=method, **headers, **strange)
    assert status == 403, body
    assert "access-control-allow-origin" not in answered
    status, answered, _ = await ask(
        client, path, method="OPTIONS", Access_Control_Request_Method=method, **{"Origin": EVIL} | strange
    )
    assert status == 400
    assert "access-control-allow-origin" not in answered


@pytest.mark.parametrize(("method", "path", "headers"), GUARDED)
async def test_the_owner_does_it_by_every_name(server, method, path, headers):
    """And a page of this machine may look at the answer."""
    for host in ("localhost:8080", "127.0.0.1", "[::1]:8080"):
        origin = f"http://{host}"
        status, answered, _ = await ask(
            server.connect(), path, method=method, **headers, Host=host, Origin=origin
        )
        assert status not in {401, 403}
        assert answered["access-control-allow-origin"] == origin


@pytest.mark.parametrize(("method", "path", "headers"), PUBLIC)
async def test_public_data_is_for_every_page_by_every_name(server, method, path, headers):
    """An alias in the hosts file is all that a published client needs."""
    strange = {"Host": "api.securitypro.com", "Origin": EVIL}
    status, answered, _ = await ask(server.connect(), path, method=method, **headers, **strange)
    assert (status, answered["access-control-allow-origin"]) == (200, "*")


@pytest.mark.parametrize("path", ["/market/ws", "/ws", "/", "/marketai?key=mk_live_abc123..."])
async def test_public_streams_are_for_every_page_by_every_name(server, path):
    """No order can be sent over them."""
    status, _ = await server.connect().upgrade(path, Host="api.securitypro.com", Origin=EVIL)
    assert status == 101


@pytest.mark.parametrize("path", ["/rails?market=BTC-USD", "/?market=BTC-USD"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "rebound.evil.example"}, 403),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:3000"}, 401),
        ({}, 401),
    ],
)
async def test_orders_are_sent_by_the_owners_pages_alone(server, path, headers, status):
    """Before any token is looked at."""
    client = server.connect()
    assert (await client.upgrade(path, **headers))[0] == status


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"allow_host": ("api.rails.example",)}, {"Host": "api.rails.example"}),
        ({"allow_host": ("*.rails.example",)}, {"Host": "API.rails.example.:443"}),
        ({"allow_origin": (EVIL,)}, {"Origin": EVIL}),
    ],
)
async def test_the_operator_names_further_ones(open_server, settings, headers):
    """For orders and tokens alike."""
    async with open_server(Settings(**settings)) as server:
        assert (await server.connect().upgrade("/rails?market=BTC-USD", **headers))[0] == 401
        secret = {"X-Api-Key": KEY, "X-Api-Secret": "demo-secret"}
        status, *_ = await ask(server.connect(), "/api/v1/token", method="POST", **secret, **headers)
        assert status == 200


async def test_a_request_without_a_host_is_not_the_owners(server):
    """HTTP/1.0 has none."""
    client = server.connect()
    await client.send_bytes(b"GET /metrics HTTP/1.0\r\n\r\n")
    assert (await client.head())[0] == 403


async def test_metrics_are_for_this_machine_or_for_a_key(server):
    """From elsewhere a key that may read; the admin's steers, and reads nothing."""
    lan = {"config": ListenerConfig(host="0.0.0.0"), **FAR}
    host = {"Host": "192.168.1.5:8080"}
    assert (await ask(server.connect(), "/metrics"))[0] == 200
    status, headers, _ = await ask(server.connect(**lan), "/metrics", **host)
    assert (status, headers["www-authenticate"]) == (401, "Bearer")
    assert (await ask(server.connect(**lan), "/metrics", **host, **BEARER))[0] == 401
    assert (await ask(server.connect(peer="127.0.0.1"), "/metrics", Authorization="Bearer wrong"))[0] == 401


# -- keys that everybody knows ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "link", "good"),
    [
        (ListenerConfig(), {}, True),
        (ListenerConfig(host="::1"), {"peer": "::1", "local": "::1"}, True),
        (ListenerConfig(host="0.0.0.0"), FAR, False),
        (ListenerConfig(host="0.0.0.0"), {}, False),
        (ListenerConfig(host="::"), {"peer": "::1", "local": "::1"}, False),
        (ListenerConfig(host="192.168.1.5"), FAR, False),
    ],
)
async def test_a_demo_key_opens_nothing_that_another_machine_can_reach(server, config, link, good):
    """By message, by query, by header and for a token: it depends on the port and the connection."""
    where = {"config": config, **link}
    host = {"Host": "localhost"}
    client = await server.upgraded(**where)
    await client.send({"type": "auth", "apiKey": KEY})
    assert (await client.messages(2))[1].get("success", False) is good
    status, _ = await server.connect(**where).upgrade("/marketai?key=mk_live_abc123...")
    assert status == (101 if good else 401)
    for path, headers in (("/v1/market/ticker?symbol=EURUSD", API_KEY), ("/api/tick?symbol=EURUSD", BEARER)):
        assert ((await ask(server.connect(**where), path, **headers, **host))[0] == 200) is good
    secret = {"X-Api-Key": KEY, "X-Api-Secret": "demo-secret"}
    status, _, token = await ask(server.connect(**where), "/api/v1/token", method="POST", **secret, **host)
    assert status == (200 if good else 401)
    if not good:
        *_, token = await ask(server.connect(), "/api/v1/token", method="POST", **secret, **host)
        client = server.connect(**where)
        await client.send_bytes(
            request(
                "/rails?market=EURUSD",
                Host="localhost",
                Sec_WebSocket_Protocol=f"authorization#{token['access_token']}",
            )
        )
        assert (await client.head())[0] == 401


async def test_the_printed_key_cannot_steer(server):
    """It reads and trades; the admin's own key steers, and does nothing else."""
    status, _, body = await ask(server.connect(), "/admin/clock", **API_KEY)
    assert (status, body["error"]["message"]) == (403, "The API key does not have the scope admin")
    assert (await ask(server.connect(), "/admin/clock", **ADMIN))[0] == 404  # this market has no clock
    assert (await ask(server.connect(), "/v1/market/ticker?symbol=EURUSD", **ADMIN))[0] == 401
    client = await server.upgraded()
    await client.send({"type": "auth", "apiKey": ADMIN["X-API-Key"]})
    assert (await client.messages(2))[1].get("success", False) is False
