"""What the contenders are asked to do."""

from __future__ import annotations

import json
import random

import attrs

KEY = "tk_live_a1b2c3d4e5f6"  # of the published document; good on loopback


@attrs.frozen(kw_only=True)
class Workload:
    """
    So many connections, so many ticks a second to each.

    Attributes:
        name: As it stands in the table.
        rate: Ticks a second that one connection gets, at first.
        seconds: Measured, after one second to warm up; 0 for the handshakes alone, without a tick.
        stamp: ``created`` or ``due``, see ``peers/ticks.py``.
        ramp: Factor by which the rate grows every second.
        checked: The load client checks every tick's number and hash. Costs it too much for a ramp.
        symbols: Listed by the market; peers know only one.
        subscribed: Symbols of one connection.
        groups: Different sets of symbols; connection i has set i modulo groups.
        tls: Over TLS, with a certificate made for the moment.
        slow: Share of the connections that stop reading for 2 s out of every 4.
    """

    name: str
    connections: int
    rate: float
    seconds: float = 4
    stamp: str = "created"
    ramp: float = 1
    checked: bool = True
    symbols: int = 1
    subscribed: int = 1
    groups: int = 1
    slow: float = 0
    tls: bool = False

    @property
    def ramping(self) -> bool:
        """Whether the rate grows until the server cannot follow."""
        return self.ramp > 1

    @property
    def handshakes_only(self) -> bool:
        """Whether a client has nothing to say once it is connected: neither key nor subscription."""
        return self.seconds == 0

    @property
    def source_rate(self) -> float:
        """Ticks a second of all symbols together."""
        return self.rate * self.symbols / self.subscribed

    def subscriptions(self) -> list[str]:
        """One subscribe message per group, every one with other symbols."""
        chosen = random.Random("fan-out")
        sets: dict[tuple[int, ...], None] = {}
        while len(sets) < self.groups:
            sets[tuple(sorted(chosen.sample(range(self.symbols), self.subscribed)))] = None
        return [
            json.dumps({"type": "subscribe", "symbols": [symbol(index) for index in indices]})
            for indices in sets
        ]


def symbol(index: int) -> str:
    """Name of a symbol of the benchmark. The load client reads the index off its digits."""
    return f"SYM{index:03d}" if index else "EURUSD"


# CPU per delivery, where every server still keeps up.
BUSY = (
    Workload(name="100 x 1000/s", connections=100, rate=1000),
    Workload(name="1000 x 150/s", connections=1000, rate=150),
)
# Latency, where no server has much to do.
CALM = (
    Workload(name="100 x 100/s", connections=100, rate=100),
    Workload(name="1000 x 20/s", connections=1000, rate=20),
)
# What every contender does for a new connection. A client of the product goes on to show a key and to
# subscribe, and is open in the other workloads only when it has been told so: those are its joins/s.
HANDSHAKES = Workload(name="handshakes, 1000", connections=1000, rate=1, seconds=0)
# Memory of many, and the time until all are there.
CROWD = Workload(name="5000 x 4/s", connections=5000, rate=4)

# Only the product knows subscriptions. Ten of a hundred symbols each, in the first three.
_TEN = {"connections": 1000, "rate": 150, "symbols": 100, "subscribed": 10}
SHAPES = (
    Workload(name="identical subscriptions", **_TEN),
    Workload(name="50 groups of 20", groups=50, **_TEN),
    Workload(name="1000 different subscriptions", groups=1000, **_TEN),
    Workload(name="one symbol", connections=1000, rate=150),
    Workload(name="a hundred symbols", connections=1000, rate=150, symbols=100, subscribed=100),
    Workload(name="100 x 100/s, TLS", connections=100, rate=100, tls=True),
    Workload(name="1000 x 150/s, TLS", connections=1000, rate=150, tls=True),
    # Fast enough that 2 s of it are about what the kernel buffers for a client on loopback, 4 MiB at most: a
    # slow one owes some, and may be cut.
    Workload(name="100 x 20000/s, none slow", connections=100, rate=20_000),
    Workload(name="100 x 20000/s, a tenth slow", connections=100, rate=20_000, slow=0.1),
)


def ramp(connections: int, deliveries_per_second: float, factor: float) -> Workload:
    """From a rate that is easy to one that nobody can follow; stopped once that shows."""
    return Workload(
        name=f"saturated, {connections}",
        connections=connections,
        rate=deliveries_per_second / connections,
        seconds=40,
        stamp="due",
        ramp=factor,
        checked=False,
    )
