"""What the product wants to reach, as ratios within one run; a figure of a machine says little elsewhere."""

from __future__ import annotations

import operator

import attrs

from tests.benchmarks.fanout.contenders import CONTENDERS, LIMIT, LIMIT_BATCHED, OURS
from tests.benchmarks.fanout.results import Results
from tests.benchmarks.fanout.workloads import BUSY, CALM, HANDSHAKES, SHAPES

SATURATED = "saturated, 1000"
_COMPARE = {"<=": operator.le, ">=": operator.ge, "<": operator.lt}


@attrs.frozen
class Aim:
    """
    One line of the table of aims.

    Attributes:
        title: What is compared.
        against: With whom; empty for an absolute figure.
        found: The ratio or figure; None when it was not measured.
        sign: How it should compare with ``wanted``.
        wanted: The aim.
    """

    title: str
    against: str
    found: float | None
    sign: str
    wanted: float

    @property
    def verdict(self) -> str:
        """Whether it is reached, or by how much it is missed."""
        if self.found is None:
            return ""
        if _COMPARE[self.sign](self.found, self.wanted):
            return "yes"
        return f"no, by {abs(self.found / self.wanted - 1):.0%}"


def aims(results: Results) -> list[Aim]:
    """Every aim with what was found."""
    return [*_cpu(results), *_latency(results), *_saturation(results), *_resources(results)]


def _ratio(results: Results, figure: str, workload: str, against: str) -> float | None:
    return results.ratio(figure, (workload, OURS), (workload, against))


def _cpu(results: Results) -> list[Aim]:
    rivals = (
        (LIMIT, 1.25),
        ("picows, uvloop", 1.0),
        ("websockets, uvloop", 0.5),
        ("aiohttp, uvloop", 0.6),
        ("Node ws", 0.7),
    )
    return [
        Aim(f"CPU per delivery, {load.name}", rival, found, "<=", wanted)
        for load in BUSY
        for rival, wanted in rivals
        for found in [_ratio(results, "us_per_delivery", load.name, rival)]
    ]


def _latency(results: Results) -> list[Aim]:
    return [
        Aim(f"{figure[:3]}, {load.name}", rival, found, "<=", wanted)
        for load in CALM
        for figure in ("p50_ms", "p99_ms")
        for rival, wanted in ((LIMIT, 1.3), ("picows, uvloop", 1.1))
        for found in [_ratio(results, figure, load.name, rival)]
    ]


def _saturation(results: Results) -> list[Aim]:
    figure = "deliveries_per_second"
    peers = [item.name for item in CONTENDERS if item.name not in {OURS, LIMIT, LIMIT_BATCHED}]
    best = max(peers, key=lambda name: results.median(SATURATED, name, figure) or 0)
    return [
        Aim(
            "saturated deliveries/s, 1000",
            f"best peer: {best}",
            _ratio(results, figure, SATURATED, best),
            ">=",
            5,
        ),
        Aim(
            "saturated deliveries/s, 1000",
            LIMIT_BATCHED,
            _ratio(results, figure, SATURATED, LIMIT_BATCHED),
            ">=",
            0.6,
        ),
    ]


def _resources(results: Results) -> list[Aim]:
    alike, _, different, *_ = (shape.name for shape in SHAPES)
    interval_scale, crowd = CALM[0].name, CALM[1].name
    distinct = results.ratio("us_per_delivery", (different, OURS), (alike, OURS))
    shaken = _ratio(results, "joins_per_second", HANDSHAKES.name, "websockets, uvloop")
    return [
        Aim("CPU per delivery, 1000 different subscriptions", "identical ones", distinct, "<=", 2),
        Aim("handshakes/s, 1000", "websockets, uvloop", shaken, ">=", 1),
        Aim("KiB of memory per idle connection", "", results.median(crowd, OURS, "rss_idle_kib"), "<=", 32),
        Aim(
            "ms from event to client, p50, 100 x 100/s",
            "",
            results.median(interval_scale, OURS, "p50_ms"),
            "<",
            1,
        ),
    ]
