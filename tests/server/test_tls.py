"""TLS: the same protocols, in time, whatever the client does, and however little fits on the way."""

import socket
import ssl
import sys
from contextlib import suppress

import pytest
import trio
import trio.lowlevel
import trustme
from asking import ask
from clients import KEY
from cryptography.hazmat.primitives import serialization as formats
from scripts import quote

from feed import Limits, Settings
from feed.dialects.discovery import dialects
from feed.errors import ConfigError
from feed.faults.contract import ForcedClose
from feed.server.certificates import self_signed, tls_context
from feed.server.close_reason import SHUTDOWN
from feed.server.connection.transport import SocketTransport
from feed.server.router import ListenerConfig
from feed.server.tls import TlsTransport
from feed.settings import Tls

AUTHORITY = trustme.CA()


@pytest.fixture(scope="module")
def config():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert("feed.test").configure_cert(context)
    return ListenerConfig(tls=context)


def client_context(version=None):
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    if version is not None:
        context.maximum_version = version
    return context


def over_tls(stream, *, version=None):
    return trio.SSLStream(stream, client_context(version), server_hostname="feed.test")


def connect(server, config, *, version=None, **options):
    return server.connect(config=config, wrap=lambda stream: over_tls(stream, version=version), **options)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("capacity", [100, 64 * 1024])
async def test_the_same_bytes_arrive(server, config, version, capacity):
    """A plain client and one behind TLS read the same frames, over a wide way and a narrow one."""
    clients = [
        server.connect(capacity=capacity),
        connect(server, config, version=version, capacity=capacity),
    ]
    for client in clients:
        assert (await client.upgrade())[0] == 101
        await client.send({"type": "auth", "apiKey": KEY})
        await client.send({"type": "subscribe", "symbols": ["EURUSD"]})
        assert len(await client.messages(4)) == 4
    for at in range(50):
        server.script.play(quote(0, 200 + at))
        await trio.lowlevel.checkpoint()
    last = '"bid":0.00249'
    for client in clients:
        while last not in await client.text():
            pass
    assert clients[0].data == clients[1].data


async def test_an_end_in_order_says_close_notify(server, config):
    """Without it the client could not tell the end from a cut (RFC 8446, section 6.1)."""
    client = connect(server, config)
    await client.upgrade()
    await client.message()
    (connection,) = server.context.registry.connections
    connection.end(SHUTDOWN)
    assert (await client.rest())[1:] == (1001, "Server is shutting down")
    assert await client.at_end()


async def test_a_reset_is_an_error_behind_tls_too(server, config):
    """And not an end in order; nothing is left of it."""
    client = connect(server, config)
    await client.upgrade()
    await client.message()
    (connection,) = server.context.registry.connections
    connection.leave(ForcedClose(why="fault: reset", reset=True))
    with pytest.raises(trio.BrokenResourceError):
        await client.rest()
    await trio.sleep(1)
    assert (server.listener._open, server.left) == ({}, (0, 0, 0))


async def test_http_is_served_too(server, config):
    """Keep-alive and all; a document longer than a record comes whole."""
    client = connect(server, config, capacity=1000)
    assert (await ask(client, "/healthz"))[2] == {"status": "ok"}
    status, headers, document = await ask(client, "/openapi.json")
    assert (status, document["openapi"]) == (200, "3.1.0")
    assert int(headers["content-length"]) > 16 * 1024


async def test_a_slow_client_is_cut_behind_tls_too(open_server, config):
    """Its backlog is bounded as everybody's; it is told by 1013, and others do not notice."""
    async with open_server(Settings(limits=Limits(backlog_bytes=2000))) as server:
        clients = [connect(server, config, capacity=600), connect(server, config)]
        for client in clients:
            await client.upgrade()
            await client.send({"type": "auth", "apiKey": KEY})
            await client.send({"type": "subscribe", "symbols": ["EURUSD"]})
            await client.messages(4)
        for at in range(2000):
            server.script.play(quote(0, 200 + at))
            await clients[1].message()
            if server.ended:
                break
        assert server.ended == {"slow consumer": 1}
        assert (await clients[0].rest())[1:] == (1013, "Slow consumer")


async def test_a_plain_request_is_told(server, config):
    """In plain HTTP, which is all that it understands."""
    client = server.connect(config=config)
    await client.send_bytes(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
    status, _, body = await client.answer()
    assert (status, body["error"]["message"]) == (400, "This port speaks TLS: wss:// and https://")


@pytest.mark.parametrize("data", [b"\x16", b"\x16\x03\x01\x00\x05hello", b"\x16" * 20_000])
async def test_a_bad_handshake_ends_in_time(server, config, data):
    """Ten seconds at most, then nothing is left."""
    client = server.connect(config=config)
    await client.send_bytes(data)
    await trio.sleep(10.1)
    assert server.listener._open == {}


async def test_handshake_and_head_share_their_time(server, config):
    """A client that shakes hands after nine seconds has one second for its request."""
    started = trio.current_time()
    client = connect(server, config)
    await trio.sleep(9)
    await client.stream.do_handshake()
    assert (await client.answer())[0] == 408
    assert trio.current_time() - started == pytest.approx(10, abs=1e-6)


async def test_there_is_no_room_behind_tls_either(open_server, config):
    """It is said in TLS; and whoever asks whether the server is alive hears that."""
    async with open_server(Settings(limits=Limits(connections=1))) as server:
        first = connect(server, config)
        await first.upgrade()
        assert (await connect(server, config).upgrade())[0] == 503
        assert (await ask(connect(server, config), "/healthz"))[0] == 200


async def test_a_client_that_resets_leaves_nothing(server, config):
    """In the handshake, after it, and while it is owed something."""
    for step in range(4):
        client = connect(server, config, capacity=500)
        if step:
            await client.stream.do_handshake()
        if step > 1:
            await client.upgrade()
            await client.send({"type": "auth", "apiKey": KEY})
            await client.send({"type": "subscribe", "symbols": ["EURUSD"]})
        if step > 2:
            await client.messages(4)
            for at in range(30):
                server.script.play(quote(0, 1000 + at))
                await trio.testing.wait_all_tasks_blocked()
        client.stream.transport_stream.reset()
    await trio.sleep(15)
    assert server.listener._open == {}
    assert server.left == (0, 0, 0)


async def test_a_socket_that_is_closed_wakes_whoever_waits_for_it(config):
    """Nobody waits for a socket that is no more, whether or not what it was owed is still flushed."""
    for flushed in (True, False):
        ours, theirs = socket.socketpair()
        with theirs:
            transport = TlsTransport(Unix(ours), config.tls)
            async with trio.open_nursery() as nursery:
                flusher = trio.CancelScope()
                nursery.start_soon(within, flusher, transport.flush)
                await shake_hands_over(transport, theirs)
                with suppress(BlockingIOError):
                    while True:
                        transport.send(bytes(100_000))
                nursery.start_soon(transport.writable)
                if not flushed:
                    flusher.cancel()
                await trio.testing.wait_all_tasks_blocked()
                transport.close()
                with trio.fail_after(1):
                    await transport.writable()
                with pytest.raises(BrokenPipeError):
                    transport.send(b"more")
                flusher.cancel()


class Unix(SocketTransport):
    """A socket of this machine, which has no TCP options."""

    def __init__(self, sock):
        sock.setblocking(False)
        self.peer = self.local = ""
        self.send = sock.send
        self._socket = sock


async def within(scope, task):
    with scope:
        await task()


async def shake_hands_over(transport, theirs):
    theirs.settimeout(5)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(transport.handshake)
        await trio.to_thread.run_sync(
            lambda: client_context().wrap_socket(theirs.dup(), server_hostname="feed.test").close()
        )


async def test_a_stop_does_not_wait_for_who_takes_nothing(open_server, config):
    """Everything is cancelled while an answer that nobody reads is under way; the house still ends."""
    async with open_server() as server:
        client = connect(server, config, capacity=600)
        await client.send_bytes(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        await trio.sleep(1)
    assert trio.current_time() < 10


async def test_a_port_may_mean_one_protocol(server):
    """Whatever path and query say; what is served by HTTP still is."""
    client = server.connect(config=ListenerConfig(dialect=dialects()["tradyn"]))
    assert (await client.upgrade("/nowhere?market=BTC-USD"))[0] == 101
    assert (await client.message())["type"] == "welcome"
    client = server.connect(config=ListenerConfig(dialect=dialects()["tradyn"]))
    assert (await ask(client, "/healthz"))[0] == 200


# --- certificates ----------------------------------------------------------------------------------


def test_no_tls_is_no_context():
    """The default."""
    assert tls_context(Settings()) is None


def test_a_self_signed_certificate_is_trusted_by_its_authority(tmp_path):
    """For loopback by every name it has, and for the names asked for; only the authority is written."""
    settings = Settings(tls=Tls(self_signed=True, ca=tmp_path / "ca.pem", names=("api.securitypro.com",)))
    server = tls_context(settings)
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]
    assert "PRIVATE" not in (tmp_path / "ca.pem").read_text()
    for name in ("localhost", "127.0.0.1", "::1", "api.securitypro.com"):
        shake_hands(server, ssl.create_default_context(cafile=tmp_path / "ca.pem"), name)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(server, ssl.create_default_context(cafile=tmp_path / "ca.pem"), "example.com")


def test_processes_of_one_server_show_one_self_signed_certificate(tmp_path):
    """It is made once, and its authority is written once."""
    settings = Settings(tls=Tls(self_signed=True, ca=tmp_path / "ca.pem"))
    made = self_signed(settings)
    written = (tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca.pem").stat().st_mtime_ns
    for server in (tls_context(settings, made), tls_context(settings, made)):
        shake_hands(server, ssl.create_default_context(cafile=tmp_path / "ca.pem"), "localhost")
    assert [path.name for path in tmp_path.iterdir()] == ["ca.pem"]
    assert ((tmp_path / "ca.pem").read_bytes(), (tmp_path / "ca.pem").stat().st_mtime_ns) == written


def shake_hands(server, client, name):
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [client.wrap_bio(down, up, server_hostname=name), server.wrap_bio(up, down, server_side=True)]
    for end in ends * 2:
        with suppress(ssl.SSLWantReadError):
            end.do_handshake()
    assert ends[0].version() == "TLSv1.3"


def test_certificate_files_are_used(tmp_path):
    """In one file or in two."""
    certificate = AUTHORITY.issue_cert("feed.test")
    both, cert, key = (tmp_path / name for name in ("both.pem", "cert.pem", "key.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(both)
    certificate.cert_chain_pems[0].write_to_path(cert)
    certificate.private_key_pem.write_to_path(key)
    for tls in (Tls(cert=both), Tls(cert=cert, key=key)):
        shake_hands(tls_context(Settings(tls=tls)), client_context(), "feed.test")


def test_bad_certificate_files_are_the_operators_mistake(tmp_path):
    """What and where, before anything listens."""
    certificate = AUTHORITY.issue_cert("feed.test")
    cert, other, empty = (tmp_path / name for name in ("cert.pem", "other.pem", "empty.pem"))
    certificate.cert_chain_pems[0].write_to_path(cert)
    AUTHORITY.issue_cert("feed.test").private_key_pem.write_to_path(other)
    empty.touch()
    missing = tmp_path / "missing.pem"
    for tls, words in [
        (Tls(cert=missing), f"--tls-cert {missing}: cannot be read: No such file"),
        (Tls(cert=cert, key=missing), f"--tls-key {missing}: cannot be read: No such file"),
        (Tls(cert=cert), f"--tls-cert {cert}: no certificate and key"),
        (Tls(cert=cert, key=other), f"--tls-cert {cert}: no certificate and key"),
        (Tls(cert=empty), f"--tls-cert {empty}: no certificate and key"),
        (Tls(key=other), "--tls-key: there is a key but no certificate"),
        (Tls(self_signed=True, ca=tmp_path / "no" / "ca.pem"), "--tls-ca"),
        (Tls(self_signed=True, ca=other), f"--tls-ca: {other} holds something else"),
        (Tls(self_signed=True, ca=tmp_path / "ca.pem", names=("a b",)), "--tls-name"),
    ]:
        with pytest.raises(ConfigError) as caught:
            tls_context(Settings(tls=tls))
        assert str(caught.value).startswith(words)


def test_a_key_with_a_password_is_refused(tmp_path):
    """Nobody is asked for it at the terminal."""
    certificate = AUTHORITY.issue_cert("feed.test")
    key = formats.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    path = tmp_path / "both.pem"
    path.write_bytes(
        key.private_bytes(
            formats.Encoding.PEM,
            formats.PrivateFormat.PKCS8,
            formats.BestAvailableEncryption(b"secret"),
        )
        + certificate.cert_chain_pems[0].bytes()
    )
    with pytest.raises(ConfigError, match="has a password"):
        tls_context(Settings(tls=Tls(cert=path)))


def test_without_the_library_the_hint_says_what_to_install(monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ConfigError, match=r"pip install 'market-feed-server\[self-signed\]'"):
        tls_context(Settings(tls=Tls(self_signed=True)))
