"""Who steers the market: pauses it, lets it go on, changes its speed, and looks whether that has lasted."""

import trio
from asking import ADMIN

from tests.simulation.conversation import Peer
from tests.simulation.traders import ask
from tests.simulation.world import Difference

CLOCK = "/admin/clock"
USUAL = ("running", 1.0)


class Operator(Peer):
    """
    A client with the admin key.

    Attributes:
        trading: Whether it steers; then it lets the market run as usual, and is settled.
    """

    def __init__(self, world, name):
        super().__init__(world, name)
        self.trading = True
        self.settled = False
        self._promised = None  # state and speed of which it was told that they are kept

    async def converse(self):
        while self.trading:
            await trio.sleep(self.chance.expovariate(12))
            # Before each command: one that is sent where nobody is would take back what was promised.
            self._look(await self._ask("GET"))
            if self.trading:
                await self._steer(self._command())
        await self._steer({"action": "speed", "speed": USUAL[1]})
        await self._steer({"action": "resume"})
        self.settled = True
        await trio.sleep_forever()

    def _command(self):
        if self._promised is not None and self._promised[0] == "paused":
            return {"action": "resume"}
        return self.chance.choice(
            [
                {"action": "pause"},
                {"action": "resume"},
                {"action": "speed", "speed": self.chance.choice([0.5, 1, 3])},
            ]
        )

    async def _steer(self, command):
        """A command acts also where the disk takes nothing, and is forgotten then: health says so."""
        kept, self._promised = await self._is_well(), None
        told = await self._ask("POST", command)
        if kept and await self._is_well():
            self._promised = told

    async def _is_well(self):
        status, found = await ask(self.client, "GET", "/healthz")
        if status != 200:
            raise Difference(f"{self.name}: {status} {found}")
        return found["status"] == "ok"

    def _look(self, told):
        if self._promised is not None and told != self._promised:
            raise Difference(f"{self.name}: the market is {told}, and {self._promised} was acknowledged")

    async def _ask(self, method, body=None):
        status, found = await ask(self.client, method, CLOCK, body, **ADMIN)
        if status == 503 and method == "POST":
            return None  # it acts, and may be kept
        if status != 200:
            raise Difference(f"{self.name}: {status} {found}")
        return found["state"], found["speed"]
