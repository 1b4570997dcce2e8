"""Which keys there are is recorded, with their names and accounts; nothing of a key is."""

import pytest
import trio
from entry_logs import MemoryLog

from feed import Settings
from feed.model.grants import Grant
from feed.server.durable.kinds import KEYS
from feed.server.keyedit import add_entry
from feed.server.keys import entry_for


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    """A virtual clock would not wait for a thread."""

    async def run(function, *args):
        await trio.lowlevel.checkpoint()
        return function(*args)

    monkeypatch.setattr("feed.server.keywatch._in_a_thread", run)


async def test_which_keys_there_are_is_recorded_when_it_changes(open_server, tmp_path):
    """At the start and with each change, which a full disk delays; after a restart only what is new."""
    path, entry_log = tmp_path / "keys.toml", MemoryLog()
    add_entry(path, entry_for("tk_test_1", Grant(name="desk", account=7), secret="hush 1", signs=True))
    settings = Settings(keys=path, keys_seconds=1)
    async with open_server(settings, entry_log=entry_log):
        await trio.sleep(5)
        (entry,) = entry_log.entries
        ((name, account),) = [(one["name"], one["account"]) for one in entry.data["keys"]]
        assert (entry.kind, name, account) == (KEYS, "desk", 7)
        entry_log.full = True
        add_entry(path, entry_for("tk_test_2", Grant(name="other"), secret="hush 2", signs=True))
        await trio.sleep(5)
        assert len(entry_log.entries) == 1
        entry_log.full = False
        await trio.sleep(5)
    async with open_server(settings, entry_log=entry_log, state=entry_log.state()):
        await trio.sleep(5)
    names = [[one["name"] for one in entry.data["keys"]] for entry in entry_log.entries]
    assert names == [["desk"], ["desk", "other"]]
    assert not any(text in repr(entry_log.entries) for text in ("tk_test", "hush"))
