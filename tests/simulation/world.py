"""One server after the other on one simulated disk, the connections to it, and the clock of the machine."""

from __future__ import annotations

import hashlib
import random
from functools import cache
from pathlib import Path

import attrs
import trio
from clients import Client
from simulated_disk import MountedDisk, SimulatedDisk
from transports import pipe

from feed import Settings
from feed.errors import ConfigError
from feed.server.run_spec import parsed, scripted
from feed.settings import Durability, SpotDeposit, Tokens, Trading

MARKET = Path(__file__).with_name("market.toml")
START = 1_709_735_400 * 10**9  # as the file has it
TRADING = Trading(deposits=(SpotDeposit("USDT", 100_000), SpotDeposit("BTC", 2)))


KEPT_BESIDE = ("history-", "checkpoint-")  # files that a market goes on without


class Difference(Exception):
    """Something that must not be: what was found first."""


@cache
def _scenario():
    return parsed(MARKET.read_text(encoding="utf-8"), name=str(MARKET))


def leaves(problem):
    """The exceptions in a group of groups."""
    if isinstance(problem, BaseExceptionGroup):
        return [leaf for part in problem.exceptions for leaf in leaves(part)]
    return [problem]


class World:
    """
    What outlives a server.

    Attributes:
        seed: Decides everything.
        settings: Of every server.
        disk: Of every server.
        server: The one that runs; None while there is none.
        published: Sequence number and proof up to which each server had published when it ended.
        latency: Seconds that a visit to the disk takes, at most.
        skew: How far the clock of the machine is ahead, seconds.
        history_hurt: Whether a file of past events could not be read, or not be relied on, at some start.
        refusals: What servers said that did not start.
        house: Gives a server, of the world and its disk.
        nursery: In which servers live.
    """

    def __init__(self, seed, house):
        self.seed = seed
        self.settings = Settings(
            scenario=str(MARKET),
            seed=seed % 1000,
            start=START,
            trading=TRADING,
            tokens=Tokens(per_minute=1000),
            durability=Durability(
                directory=Path("data"), horizon_seconds=0.2, checkpoint_seconds=0.3, retry_seconds=0.05
            ),
        )
        self.disk = SimulatedDisk(self.random("disk"), crashed=self._died)
        self.server = None
        self.published = []
        self.latency = 0.001
        self.skew = 0.0
        self._jumped = False
        self.history_hurt = False
        self.refusals = []
        self.trace = hashlib.sha256()
        self.house = house
        self.nursery = None
        self._latencies = self.random("latencies")
        self._cuts = self.random("cuts")
        self._astray = self.random("astray")
        self._streams = {}  # in the order in which they were opened
        self._life = None

    @property
    def jumped(self):
        """Whether the clock of the machine has ever gone back."""
        return self._jumped

    def jump(self, seconds):
        """Let the clock of the machine jump."""
        self.skew += seconds
        self._jumped = self._jumped or seconds < 0

    def sync(self, mode):
        """Say when servers sync the log from now on."""
        durability = attrs.evolve(self.settings.durability, sync=mode)
        self.settings = attrs.evolve(self.settings, durability=durability)

    def random(self, name):
        """A generator of its own for every purpose, so that one draw more changes nothing else."""
        return random.Random(f"{self.seed} {name}")

    def wall(self):
        """What the clock of the machine says, seconds since the Unix epoch."""
        return START / 10**9 + trio.current_time() + self.skew

    def wall_ns(self):
        """The same in nanoseconds."""
        return int(self.wall() * 10**9)

    def note(self, *what):
        """Add to the trace, of which equal seeds have equal ones."""
        self.trace.update(f"{trio.current_time():.9f} {what!r}\n".encode())

    async def offload(self, act):
        """Visit the disk, as in a thread: it takes time, and nobody can call it off."""
        with trio.CancelScope(shield=True):
            await trio.sleep(self._latencies.random() * self.latency)
            try:
                return act()
            finally:
                await trio.sleep(self._latencies.random() * self.latency)

    def program(self):
        """The market, at its beginning."""
        return scripted(_scenario(), seed=self.settings.seed)

    # -- the disk -----------------------------------------------------------------------------------

    async def trouble(self, trouble):
        """Let the disk do something for a while."""
        if trouble.at >= 0:
            await trio.sleep(trouble.at)
            self.begin_troubles([trouble])
            await trio.sleep(trouble.seconds)
        self.disk.mend()

    def begin_troubles(self, troubles):
        """Let the disk do something from now on."""
        for trouble in troubles:
            self.note(trouble.kind)
            self.history_hurt = self.history_hurt or trouble.kind == "bad_reads"
            if trouble.kind == "full":
                self.disk.fill(self._astray.randrange(200))
            else:
                setattr(self.disk, trouble.kind, trouble.part)

    def write_astray(self, size_of):
        """
        Let a write that was meant for another place go anywhere. Gives what undoes that.

        Args:
            size_of: Gives how many bytes of a file of the disk can be hit.
        """
        names = [name for name in self.disk.names() if self.disk.stored(name)]
        if not names:
            return None
        name = self._astray.choice(names)
        size = size_of(self.disk, name)
        offset = self._astray.randrange(size)
        data = self._astray.randbytes(self._astray.choice([1, 64, 512]))[: size - offset]
        self.note("astray", name, offset, data)
        self.history_hurt = self.history_hurt or name.startswith(KEPT_BESIDE)
        return self.disk.damage(name, offset, data)

    # -- connections --------------------------------------------------------------------------------

    def connect(self):
        """
        A new connection.

        Raises:
            ConnectionRefusedError: There is no server.
        """
        if self.server is None:
            raise ConnectionRefusedError
        transport, stream = pipe()
        self._streams[stream] = None
        self.server.admit(transport)
        return Client(stream)

    def leave(self, client):
        """End a connection from the client's side."""
        self._streams.pop(client.stream, None)
        client.stream.reset()

    def _cut(self):
        """End every connection from the server's side; what is on the way comes to some."""
        for stream in self._streams:
            if self._cuts.random() < 0.5:
                stream.reset()
            else:
                stream.lose()
        self._streams.clear()

    # -- servers ------------------------------------------------------------------------------------

    async def live(self, act):
        """
        Let a server run until ``act`` is over, or until it is killed.

        Returns:
            Whether it started.
        """
        life = self._life = _ServerLife(self)
        self.nursery.start_soon(life.run, act)
        await life.over.wait()
        return not life.refused

    def crash(self):
        """Lose the power, or the process, now."""
        self.disk.crash()
        self._died()

    def _died(self):
        self._life.killed = True
        self.ended()
        self._cut()
        self._life.over.set()
        self._life.scope.cancel()

    def ended(self):
        """Note where the server ended, if there is one."""
        if self.server is not None:
            self.note("ended", self.server.position)
            self.published.append(self.server.position)
            self.server = None


class _ServerLife:
    """
    One server from its start to its end; one that was killed takes its time to be gone, and nobody sees that.

    Attributes:
        killed: Whether it was.
        refused: Whether it did not start.
        over: Set when the next one can start.
        scope: Ends it.
    """

    def __init__(self, world):
        self.killed = self.refused = False
        self.over = trio.Event()
        self.scope = trio.CancelScope()
        self._world = world
        self._disk = MountedDisk(world.disk)

    async def run(self, act):
        """Let it serve until ``act`` is over."""
        world = self._world
        with self.scope:
            try:
                async with world.house(world, self._disk) as server:
                    if not self.killed:
                        world.server = server
                        world.note("serving", server.position)
                        await act()
                        world.ended()
            except* ConfigError as problems:
                if not self.killed:
                    self.refused = True
                    world.refusals += map(str, leaves(problems))
                    world.note("refused", world.refusals[-1])
            except* Exception:
                if not self.killed:
                    raise
        if not self.killed:
            world.ended()
            self.over.set()
