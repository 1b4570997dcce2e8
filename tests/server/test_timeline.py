"""What operators are told of a scenario."""

import attrs
import msgspec

from feed.model.events import Side
from feed.model.faults import Aim, Disconnect, Mute
from feed.model.ground_truth import Label
from feed.model.signals import SignalType
from feed.model.timeline import LargeOrder, Shock, Wall
from feed.server.run_spec import default_program
from feed.server.timeline import MOST_ENTRIES, described

MS = 1_000_000
START = 10**18


def told(**what):
    return described(attrs.evolve(default_program(seed=1, start=START, instruments=1), **what))


def test_the_timeline_is_in_the_order_of_time():
    """Actions, faults and due signals together, with what differs from the usual; numbers come last."""
    signal = next(iter(SignalType))
    large = {"side": "buy", "lots": 7, "pause_ms": 5}
    found = told(
        about="why",
        actions=(
            LargeOrder(at=3000 * MS, instruments=("EURUSD",), side=Side.BUY, lots=7, pause=5 * MS),
            Shock(at=500_000, fraction=-0.05),
            Wall(at=1000 * MS, duration=2000 * MS, side=Side.SELL, lots=3, bps=4.0),
        ),
        faults=(
            Disconnect(seq=9, code=4000),
            Mute(at=2000 * MS, duration=1000 * MS, aim=Aim(dialect="tradyn", fraction=0.5)),
        ),
        labels=(Label(signal, "EURUSD", START + 4000 * MS, START + 4500 * MS),),
    )
    assert (found["about"], found["left_out"], found["start"]) == ("why", 0, START)
    assert msgspec.to_builtins(found["timeline"]) == [
        entry(0.5, "shock", settings={"fraction": -0.05}),
        entry(1000, "wall", 2000, settings={"side": "sell", "lots": 3, "bps": 4.0}),
        entry(2000, "mute", 1000, group="fault", settings={"dialect": "tradyn", "fraction": 0.5}),
        entry(3000, "large-order", instruments=["EURUSD"], settings=large),
        entry(4000, signal.name.lower().replace("_", "-"), 500, group="truth", instruments=["EURUSD"]),
        entry(None, "disconnect", seq=9, group="fault", settings={"code": 4000}),
    ]


def entry(at, kind, duration=None, *, seq=None, group="market", instruments=(), settings=None):
    return {
        "at_ms": at,
        "seq": seq,
        "duration_ms": duration,
        "kind": kind,
        "group": group,
        "instruments": list(instruments),
        "settings": settings or {},
    }


def test_a_market_without_a_script_has_an_empty_timeline():
    """It is described all the same."""
    found = told()
    assert (found["name"], found["timeline"], found["duration"]) == ("default", [], None)


def test_a_long_timeline_is_cut():
    """And says by how many entries."""
    found = told(actions=tuple(Shock(at=at, fraction=0.1) for at in range(MOST_ENTRIES + 5)))
    assert (len(found["timeline"]), found["left_out"]) == (MOST_ENTRIES, 5)
