"""Where the server listens, and what the operator hears when it cannot."""

import errno
import socket
from itertools import pairwise

import pytest
import structlog
import trio
from asking import ask

from feed import Limits
from feed.errors import ConfigError
from feed.server.head import BadRequest
from feed.server.listener import ACCEPTS_IN_A_ROW, Listener, _cannot_bind, bind, listen


class Names(trio.abc.HostnameResolver):
    """Knows ``here``, which is this machine, and ``elsewhere``, which is not."""

    async def getaddrinfo(self, host, port, *options):
        await trio.lowlevel.checkpoint()
        found = {b"here": "127.0.0.1", b"elsewhere": "203.0.113.1"}.get(host)
        if found is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    async def getnameinfo(self, sockaddr, flags):
        raise NotImplementedError


@pytest.fixture
async def names():
    trio.socket.set_custom_hostname_resolver(Names())


async def test_a_free_port_is_taken(names):
    """Port 0 becomes a real one."""
    [sock] = await bind("here", 0)
    with sock:
        assert sock.getsockname()[1] > 0


async def test_a_host_that_nobody_knows_is_the_operators_mistake(names):
    """It names the option and the host."""
    with pytest.raises(ConfigError, match=r"--host: cannot find host 'nowhere'"):
        await bind("nowhere", 0)


async def test_a_host_that_is_another_machine_is_the_operators_mistake(names):
    """It can be found, but nobody can listen there."""
    with pytest.raises(ConfigError, match=r"--host: cannot listen on elsewhere port 0 \(Cannot assign"):
        await bind("elsewhere", 0)


async def test_a_port_in_use_is_the_operators_mistake(names):
    """It names the option and the port."""
    [sock] = await bind("here", 0)
    with sock:
        listen(sock)
        port = sock.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port: port {port} on here is in use"):
            await bind("here", port)


async def test_a_port_that_another_was_quicker_to_listen_on_is_the_operators_mistake(names):
    """Two can take a port that nobody listens on yet; one of them gets it."""
    socks = [(await bind("here", 0))[0]]
    port = socks[0].getsockname()[1]
    socks += await bind("here", port)
    listen(socks[0])
    with pytest.raises(ConfigError, match=f"--port: port {port} on 127.0.0.1 is in use"):
        listen(socks[1])
    for sock in socks:
        sock.close()


async def test_nobody_can_connect_before_the_server_listens(names):
    """A port that is only taken refuses, rather than let a client wait for what may never come."""
    [sock] = await bind("here", 0)
    with sock:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(sock.getsockname())
        listen(sock)
        socket.create_connection(sock.getsockname()).close()


def test_a_privileged_port_is_the_operators_mistake():
    """Only some may listen below 1024."""
    problem = _cannot_bind("127.0.0.1", 80, PermissionError(errno.EACCES, "Permission denied"))
    assert str(problem) == "--port: port 80 needs privileges; choose one above 1023"


class Starved:
    """A listening socket in a process that, for a while, has no file descriptor left."""

    def __init__(self, sock, *problems):
        self._sock = sock
        self._problems = list(problems)
        self.fileno = sock.fileno

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._sock.close()

    def accept(self):
        if self._problems:
            raise self._problems.pop()
        return self._sock.accept()


async def test_running_out_of_files_is_survived(autojump_clock):
    """It waits a little and tries again; a connection that is gone already is passed over."""

    class Router:
        async def admit(self, transport, _):
            transport.close()
            served.set()

    served = trio.Event()
    [sock] = await bind("127.0.0.1", 0)
    listen(sock)
    problems = [
        OSError(errno.EMFILE, "Too many open files"),
        ConnectionAbortedError(errno.ECONNABORTED, "gone"),
    ]
    with socket.create_connection(sock.getsockname()), structlog.testing.capture_logs() as logs:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Listener(Router(), Limits()).run, Starved(sock, *problems), nursery)
            await served.wait()
            nursery.cancel_scope.cancel()
    assert logs == [{"event": "cannot accept", "reason": "Too many open files", "log_level": "warning"}]


async def test_other_tasks_run_between_a_few_connections():
    """Many come at once, and each makes more work than to accept it: the loop comes round meanwhile."""
    admitted, passes, served = [], [], trio.Event()

    class Router:
        async def admit(self, transport, _):
            transport.close()
            admitted.append(transport)
            if len(admitted) == 20:
                served.set()

    async def count():
        while True:
            passes.append(len(admitted))
            await trio.lowlevel.checkpoint()

    [sock] = await bind("127.0.0.1", 0)
    listen(sock)
    clients = [socket.create_connection(sock.getsockname()) for _ in range(20)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(count)
        nursery.start_soon(Listener(Router(), Limits()).run, sock, nursery)
        await served.wait()
        nursery.cancel_scope.cancel()
    for client in clients:
        client.close()
    assert max(after - before for before, after in pairwise(passes)) <= 2 * ACCEPTS_IN_A_ROW <= 4


class Counts:
    """A router that counts, and closes."""

    def __init__(self):
        self.admitted = 0

    async def admit(self, transport, _):
        transport.close()
        self.admitted += 1


async def test_one_that_has_more_than_its_share_leaves_who_comes_to_the_others(autojump_clock, nursery):
    """Of processes that accept on one socket; where the others take nobody it does so after a moment."""
    crowded, other = Counts(), Counts()
    [sock] = await bind("127.0.0.1", 0)
    listen(sock)
    address, same = sock.getsockname(), sock.dup()
    nursery.start_soon(Listener(crowded, Limits(), crowded=lambda: True).run, sock, nursery)
    others = trio.CancelScope()

    async def accept():
        with others:
            await Listener(other, Limits()).run(same, nursery)

    nursery.start_soon(accept)
    clients = [socket.create_connection(address) for _ in range(20)]
    await trio.sleep(1)
    assert (crowded.admitted, other.admitted) == (0, 20)
    others.cancel()
    clients += [socket.create_connection(address) for _ in range(5)]
    await trio.sleep(1)
    assert (crowded.admitted, other.admitted) == (5, 20)
    for client in clients:
        client.close()
    nursery.cancel_scope.cancel()


async def test_one_that_lets_nobody_in_says_how_it_is(open_server):
    """Whoever asks whether it is alive is answered; everybody else is refused, with the reason."""
    async with open_server() as server:
        problem = BadRequest(503, "Nobody is let in")
        server.listener = Listener(server.context.router, Limits(), refusal=problem)
        assert (await server.connect().upgrade("/"))[0] == 503
        for path, wanted in {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/docs": 503}.items():
            status, _, body = await ask(server.connect(), path)
            assert status == wanted
            assert ("Nobody is let in" in str(body)) == (path == "/docs")
