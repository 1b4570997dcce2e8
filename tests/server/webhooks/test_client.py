"""One request to a URL of a client's: where it may go, and where it does."""

import ssl
from functools import partial
from ipaddress import ip_address

import httpcore
import pytest
import trio
import trustme

from feed import Settings
from feed.errors import ConfigError
from feed.server.webhooks.client import NotPermitted, WebhookClient, allowed_networks, said
from feed.settings import Webhooks
from feed.webhooks.addresses import networks

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PUBLIC = "93.184.216.34"


class Network(httpcore.AsyncNetworkBackend):
    """Connects to nothing: it says what a server would, and remembers where it was asked to go."""

    def __init__(self, answer=OK, *, dead=()):
        self.answer = answer
        self.dead = dead
        self.visited = []
        self.sent = b""

    async def connect_tcp(self, host, port, *_, **__):
        self.visited.append((host, port))
        if host in self.dead:
            raise httpcore.ConnectError("refused")
        return Stream(self)


class Stream(httpcore.AsyncNetworkStream):
    def __init__(self, network):
        self._network = network
        self._answer = network.answer
        self.hostname = None

    async def read(self, max_bytes, **_):
        part, self._answer = self._answer[:max_bytes], self._answer[max_bytes:]
        return part

    async def write(self, buffer, **_):
        self._network.sent += buffer

    async def aclose(self):
        pass

    async def start_tls(self, ssl_context, server_hostname=None, **_):
        assert ssl_context.check_hostname
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        self._network.visited.append(server_hostname)
        return self

    def get_extra_info(self, info):
        return None


def client(network, *answers, allow=()):
    """A client whose names have these addresses: each look-up takes the next list."""
    given = list(answers)

    async def resolve(host, port):
        return [ip_address(text) for text in (given.pop(0) if len(given) > 1 else given[0])]

    return WebhookClient(networks(allow), resolve=resolve, backend=network)


async def test_the_address_that_was_checked_is_the_one_connected_to():
    """Names are looked up once for an attempt; TLS is for the name, and so is the header Host."""
    network = Network()
    status = await client(network, [PUBLIC]).post("https://example.com/hook?a=b", b"{}", {"webhook-id": "1"})
    assert status == 200
    assert network.visited == [(PUBLIC, 443), "example.com"]
    head, _, body = network.sent.partition(b"\r\n\r\n")
    assert head.splitlines()[0] == b"POST /hook?a=b HTTP/1.1"
    assert {b"Host: example.com", b"webhook-id: 1", b"Connection: close", b"Content-Length: 2"} <= set(
        head.splitlines()
    )
    assert body == b"{}"


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::ffff:127.0.0.1"],
        [PUBLIC, "192.168.0.1"],
    ],
)
async def test_a_name_with_an_address_that_is_not_public_is_not_connected_to(addresses):
    """Even when it has a public one besides."""
    network = Network()
    with pytest.raises(NotPermitted, match=r"example\.com is no public address"):
        await client(network, addresses).post("https://example.com/", b"{}", {})
    assert network.visited == []


async def test_a_name_that_changes_its_address_is_checked_each_time():
    """Public at first, loopback at the next attempt."""
    network = Network()
    one = client(network, [PUBLIC], ["127.0.0.1"])
    assert await one.post("https://example.com/", b"{}", {}) == 200
    with pytest.raises(NotPermitted):
        await one.post("https://example.com/", b"{}", {})
    assert network.visited == [(PUBLIC, 443), "example.com"]


async def test_the_next_address_is_tried_when_one_does_not_answer():
    """In the order of the look-up; when none does, that is the problem."""
    network = Network(dead=("1.1.1.1",))
    assert await client(network, ["1.1.1.1", PUBLIC]).post("https://example.com/", b"{}", {}) == 200
    assert network.visited == [("1.1.1.1", 443), (PUBLIC, 443), "example.com"]
    with pytest.raises(httpcore.ConnectError):
        await client(network, ["1.1.1.1"]).post("https://example.com/", b"{}", {})


async def test_a_redirect_is_an_answer_like_any_other():
    """Nothing is fetched from where it points to."""
    network = Network(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")
    assert await client(network, [PUBLIC]).post("https://example.com/", b"{}", {}) == 302
    assert len(network.visited) == 2


async def test_plain_http_goes_where_the_operator_says_and_nowhere_else():
    """Within the networks of --webhook-allow."""
    network = Network()
    allowed = client(network, ["127.0.0.1"], [PUBLIC], allow=["127.0.0.0/8"])
    assert await allowed.post("http://localhost:9000/", b"{}", {}) == 200
    with pytest.raises(NotPermitted, match="plain HTTP"):
        await allowed.post("http://example.com/", b"{}", {})
    assert network.visited == [("127.0.0.1", 9000)]


async def test_what_is_no_http_is_a_problem_of_the_protocol():
    """Which the caller takes for a failed attempt."""
    with pytest.raises(httpcore.RemoteProtocolError):
        await client(Network(b"SSH-2.0-OpenSSH\r\n"), [PUBLIC]).post("https://example.com/", b"{}", {})


HANGS = ("slow.example",)


@pytest.fixture
def names():
    """A client whose look-ups of some names take a minute, and how many are under way."""
    under_way = []

    async def resolve(host, port):
        under_way.append(host)
        try:
            await trio.sleep(60 if host in HANGS else 0)
        finally:
            under_way.remove(host)
        return [ip_address(PUBLIC)]

    return WebhookClient((), resolve=resolve, backend=Network()), under_way


async def test_a_look_up_that_hangs_is_waited_for_by_whoever_asked(names, autojump_clock):
    """The attempt has failed when its time was over, and is under way until the look-up has ended."""
    one, _ = names
    began = trio.current_time()
    with pytest.raises(trio.TooSlowError):
        await one.post("https://slow.example/", b"{}", {})
    assert trio.current_time() - began == pytest.approx(60)
    assert await one.post("https://fast.example/", b"{}", {}) == 200


async def test_a_server_that_ends_waits_for_no_look_up(names, autojump_clock):
    """Whoever cancels an attempt has it at once."""
    one, under_way = names
    began = trio.current_time()
    with trio.move_on_after(1):
        await one.post("https://slow.example/", b"{}", {})
    assert (trio.current_time() - began, under_way) == (pytest.approx(1), [])


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n" + bytes(1000),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFF\r\n" + bytes(1000),
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + bytes(1000),
    ],
)
async def test_of_an_answer_the_head_is_enough(answer):
    """However long its body says that it is: nothing of it is read."""
    assert await client(Network(answer), [PUBLIC]).post("https://example.com/", b"{}", {}) == 200


@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000, b"HTTP/1.1 100 C\r\n\r\n" * 10_000]
)
async def test_a_head_without_end_is_a_problem_of_the_protocol(answer):
    """It is bounded."""
    with pytest.raises(httpcore.ProtocolError):
        await client(Network(answer), [PUBLIC]).post("https://example.com/", b"{}", {})


@pytest.mark.e2e
async def test_a_certificate_for_another_name_is_refused():
    """By real sockets and real TLS, within this machine."""
    authority = trustme.CA()
    served = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("good.test").configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)

    async def answer(stream):
        try:
            await stream.receive_some(65536)
            await stream.send_all(OK)
        except trio.BrokenResourceError:
            pass  # the client has hung up on the certificate

    async def resolve(host, port):
        return [ip_address("127.0.0.1")]

    one = WebhookClient(networks(["127.0.0.0/8"]), resolve=resolve, tls=trusting)
    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_ssl_over_tcp, answer, 0, served, host="127.0.0.1", https_compatible=True)
        listeners = await nursery.start(serve)
        port = listeners[0].transport_listener.socket.getsockname()[1]
        assert await one.post(f"https://good.test:{port}/", b"{}", {}) == 200
        with pytest.raises(httpcore.ConnectError) as problem:
            await one.post(f"https://bad.test:{port}/", b"{}", {})
        assert said(problem.value).startswith("TLS: Hostname mismatch")
        nursery.cancel_scope.cancel()


def test_a_network_that_is_none_is_the_operators_mistake():
    """Told with its option before anything is served."""
    with pytest.raises(ConfigError, match="--webhook-allow"):
        allowed_networks(Settings(webhooks=Webhooks(allow=("127.0.0.1/8",))))
