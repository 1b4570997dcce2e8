"""What a worker is told comes by its link, whole, and before all else."""

import socket
import threading
from pathlib import Path

import pytest

from feed import Settings
from feed.cluster.workers.setup import (
    WorkerSetup,
    doors_of,
    listeners_of,
    read_setup,
    settings_for,
    settings_of,
    write_setup,
)
from feed.dialects.discovery import dialects
from feed.errors import FeedError
from feed.server.certificates import self_signed
from feed.server.router import ListenerConfig
from feed.settings import Cluster, Durability, Listen, MessageLog, Tls, Trading

SETTINGS = Settings(
    port=0,
    port_file=Path("port"),
    record=Path("day.feed.zst"),
    journal=Path("orders.jsonl"),
    durability=Durability(directory=Path("data")),
    cluster=Cluster(log="unix:/run/feed.sock", workers=3, lag_seconds=7),
    message_log=MessageLog(directory=Path("messages")),
    listen=(Listen("tradyn", "127.0.0.1", 0),),
    trading=Trading(deposit=123),
)


def setup(settings=SETTINGS, place=2, **more):
    fields = {"name": "worker-2.7", "doors": (), "certificate": b"", "admin_key": "ak_live_x"}
    return WorkerSetup(settings=settings_for(settings, place), **{**fields, **more})


@pytest.fixture
def link():
    """Both ends of one."""
    ours, its = socket.socketpair()
    with ours, its:
        yield ours, its


def test_what_only_one_process_can_do_is_left_to_the_parent():
    """Data folder, log, recording, journal and port file; messages of clients have a folder for each."""
    found = settings_of(setup())
    assert found.cluster == Cluster(lag_seconds=7)
    assert found.durability.directory is None
    assert (found.port_file, found.record, found.journal) == (None, None, None)
    assert found.message_log.directory == Path("messages/worker-2")
    assert (found.trading, found.listen) == (SETTINGS.trading, SETTINGS.listen)
    assert settings_of(setup(Settings())) == Settings()


def test_it_is_read_whole_and_nothing_after_it(link):
    """However it is cut; what the parent says next is left for whoever follows."""
    ours, its = link
    data = write_setup(setup(certificate=b"x" * 100_000)) + b"next"

    def send():
        for at in range(0, len(data), 777):
            ours.sendall(data[at : at + 777])

    sender = threading.Thread(target=send)
    sender.start()
    assert read_setup(its) == setup(certificate=b"x" * 100_000)
    sender.join()
    assert its.recv(100) == b"next"


@pytest.mark.parametrize("size", [0, 2, 4, 100])
def test_a_parent_that_is_gone_has_nothing_to_serve(link, size):
    """Whenever it went."""
    ours, its = link
    ours.sendall(write_setup(setup())[:size])
    ours.close()
    assert read_setup(its) is None


def test_what_is_no_setup_is_refused(link):
    """As is what holds no settings."""
    ours, its = link
    ours.sendall(b"\x00\x00\x00\x03\x93\xc0\xc0")
    with pytest.raises(FeedError, match="malformed"):
        read_setup(its)
    with pytest.raises(FeedError):
        settings_of(WorkerSetup(name="", settings=b"\xc0", doors=(), certificate=b"", admin_key=""))


def test_it_accepts_where_its_parent_listens(tmp_path):
    """On the same sockets, with the same protocol on each, and the certificate of the parent."""
    settings = Settings(tls=Tls(self_signed=True, ca=tmp_path / "ca.pem"))
    made = self_signed(settings)
    written = (tmp_path / "ca.pem").read_bytes()
    socks = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    bound = [
        (ListenerConfig(host="127.0.0.1", tls=object()), socks[0]),
        (ListenerConfig(host="127.0.0.1", dialect=dialects()["tradyn"]), socks[1]),
    ]
    addresses = [sock.getsockname() for sock in socks]
    [(main, first), (only, second)] = listeners_of(
        setup(settings, doors=doors_of(bound), certificate=made), settings
    )
    for sock in socks:
        sock.detach()
    with first, second:
        assert [first.getsockname(), second.getsockname()] == addresses
    assert (main.dialect, only.dialect) == (None, dialects()["tradyn"])
    assert (main.host, main.tls is not None, only.tls) == ("127.0.0.1", True, None)
    assert (tmp_path / "ca.pem").read_bytes() == written
