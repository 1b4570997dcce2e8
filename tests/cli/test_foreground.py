"""What start-up says."""

from functools import partial
from types import SimpleNamespace

import attrs
import pytest
import trio

from feed import Settings
from feed.cli import foreground
from feed.cli.foreground import settle, welcome
from feed.dialects.discovery import dialects
from feed.server.serve import Address
from feed.settings import Cluster


def test_the_welcome_names_every_protocol_where_it_is():
    """The page, each with its paths and its claim on the root, the demo keys, and a line to paste."""
    text = welcome(Settings(), [Address("127.0.0.1", 8080)])
    lines = text.splitlines()
    for dialect in dialects().values():
        (line,) = [line for line in lines if line.startswith(f"  {dialect.title} ")]
        assert f"ws://127.0.0.1:8080{dialect.path}" in line.split()
    assert lines[:2] == ["page http://127.0.0.1:8080/", "feed is serving"]
    assert any("ws://127.0.0.1:8080/ " in line and "/tradyn" in line for line in lines)
    assert any("ws://127.0.0.1:8080/?market= " in line for line in lines)
    assert "http://127.0.0.1:8080/docs" in text
    assert "tk_live_a1b2c3d4e5f6" in text
    assert lines[-1] == "  feed tail ws://127.0.0.1:8080"


def test_a_port_of_its_own_is_one_protocols_root():
    """Nothing else is promised there."""
    own = attrs.evolve(Address("127.0.0.1", 8083), protocol="rails")
    assert welcome(Settings(demo_keys=False), [own]).splitlines() == [
        "feed is serving",
        "  Rails  ws://127.0.0.1:8083/",
        "  HTTP   http://127.0.0.1:8083/docs",
        "  no keys: nobody can authenticate; make one with: feed keys add FILE --name NAME",
        "See data:",
        "  feed tail ws://127.0.0.1:8083",
    ]


def test_the_welcome_names_the_log():
    """Of a server that others follow, and of one that follows."""
    here = [Address("127.0.0.1", 8080)]
    for cluster, told in (
        (Cluster(log="unix:/run/feed.sock"), "log"),
        (Cluster(follow="unix:/run/feed.sock"), "follows"),
    ):
        lines = welcome(Settings(cluster=cluster), here).splitlines()
        assert [line.split() for line in lines if "feed.sock" in line] == [[told, "unix:/run/feed.sock"]]


@pytest.mark.parametrize(("follow", "made"), [(None, True), ("unix:/run/feed.sock", False)])
def test_who_follows_another_has_no_admin_key(monkeypatch, capsys, follow, made):
    """The market is steered with that of the server that has it: none is made, given or told."""
    given = []

    async def serve(*_, admin_key, task_status, **__):
        given.append(admin_key)
        task_status.started([Address("127.0.0.1", 8080)])

    monkeypatch.setattr(foreground, "_kind", lambda *_: serve)
    trio.run(foreground.serve_in_foreground, Settings(cluster=Cluster(follow=follow)))
    assert [key is not None for key in given] == [made]
    assert ("admin key" in capsys.readouterr().out) == made


def test_what_can_be_made_is_made_before_anybody_connects(monkeypatch):
    """With everything that stays, so that the garbage collector passes it over."""
    done = []
    for name in ("unfreeze", "collect", "freeze"):
        monkeypatch.setattr(f"gc.{name}", partial(done.append, name))
    monkeypatch.setattr("gc.set_threshold", lambda *_: None)
    settle(SimpleNamespace(prepare=partial(done.append, "documents")))
    assert done == ["documents", "unfreeze", "collect", "freeze"]
