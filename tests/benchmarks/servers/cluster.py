"""The processes: Redis, a sequencer, edges, standbys; which of them a client goes to."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import trio

from tests.benchmarks import accounts
from tests.benchmarks.kill.server import LOOK_SECONDS, START_SECONDS, Server

SCENARIO = Path(__file__).with_name("market.toml")


class Member(Server):
    """
    One of the servers of a market.

    Attributes:
        name: For tables.
        leads: Whether it has the market, or may come to have it.
    """

    def __init__(self, name, options, folder, *, leads):
        super().__init__(options, folder, Path(folder, f"{name.replace(' ', '-')}.log"))
        self.name = name
        self.leads = leads

    def halt(self):
        """Let it stand still; who comes anew goes elsewhere."""
        self.ready = trio.Event()
        self._process.send_signal(signal.SIGSTOP)

    def wake(self):
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    async def ended(self):
        """Wait until it ends by itself; its exit code."""
        give_up = time.monotonic() + START_SECONDS
        while self._process.poll() is None and time.monotonic() < give_up:  # noqa: ASYNC110 - a process
            await trio.sleep(LOOK_SECONDS)
        return self._process.poll()

    def logged(self, words):
        """The line in which it has said so; empty where it has not."""
        lines = self._log.read_text(errors="replace").splitlines()
        return next((line for line in lines if words in line), "")

    async def says(self, words):
        """Wait until it has said so."""
        give_up = time.monotonic() + START_SECONDS
        while not self.logged(words):
            if self._process.poll() is not None or time.monotonic() > give_up:
                raise SystemExit(f"{self.name} did not say {words!r}:\n{self.tail()}")
            await trio.sleep(LOOK_SECONDS)


class Cluster:
    """
    Servers of one market.

    Attributes:
        members: All that were started.
        keys: File of keys.
        config: File of settings of those that have the market.
    """

    def __init__(self, where, shared, market, everybody, folder):
        """
        Start nothing yet.

        Args:
            where: The log.
            shared: Options of all servers.
            market: Options of the one that has the market.
            everybody: Accounts that have keys.
            folder: For what they write.
        """
        self.members = []
        self._log = ("--log", where)
        self._follow = ("--follow", where)
        self.keys, self.config = accounts.write(everybody, folder)
        # An edge has the settings of a market from the log, and is refused with any of its own.
        edges = Path(folder, "edge.toml")
        edges.write_text(accounts.CONFIG.partition("[trading]")[0])
        self._shared = (*shared, "--keys", self.keys)
        self._config, self._edge_config = ("--config", self.config), ("--config", edges)
        self._market = market
        self._folder = folder

    def sequencer(self):
        """Start the one that has the market."""
        return self._start("sequencer", True, *self._log, *self._config, *self._market)

    def edge(self, name):
        """Start one that follows."""
        return self._start(name, False, *self._follow, *self._edge_config)

    def standby(self, name):
        """Start one that computes along."""
        return self._start(name, True, *self._log, "--standby", *self._config)

    def _start(self, name, leads, *options):
        member = Member(name, (*options, *self._shared), self._folder, leads=leads)
        self.members.append(member)
        member.start()
        return member

    def end(self):
        """Leave no process behind."""
        for member in self.members:
            member.end()


class Way:
    """
    Which server a client goes to: its own, or, where that is gone, one that lets clients in.

    Args:
        cluster: All of them.
        home: Its own.
        waits: Whether it waits for the next server that leads, rather than go to an edge.
    """

    def __init__(self, cluster, home, *, waits=False):
        self._cluster = cluster
        self._home = home
        self._waits = waits

    @property
    def ready(self):
        """Has :meth:`wait`, as an event."""
        return self

    async def wait(self):
        """Wait until one lets clients in."""
        while self._found is None:  # noqa: ASYNC110 - any of several events, of members that come and go
            await trio.sleep(LOOK_SECONDS)

    @property
    def port(self):
        """Of that one."""
        return (self._found or self._home).port

    @property
    def _found(self):
        leaders = [one for one in self._cluster.members if one.leads]
        edges = [one for one in self._cluster.members if not one.leads]
        choices = (leaders, *([] if self._waits else [edges])) if self._home.leads else (edges, leaders)
        ordered = [self._home, *(one for several in choices for one in several)]
        return next((one for one in ordered if one.ready.is_set()), None)
