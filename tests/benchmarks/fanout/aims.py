"""What the product wants to reach, as ratios within one run; a figure of a machine says little elsewhere."""

from __future__ import annotations

import operator

import attrs

from tests.benchmarks.fanout.contenders import CONTENDERS, LIMIT, LIMIT_BATCHED, OURS
from tests.benchmarks.fanout.results import Results
from tests.benchmarks.fanout.workloads import BUSY, CALM, HANDSHAKES, SHAPES

SATURATED = "saturated, 1000"
SATURATED_FEW = "saturated, 100"
TLS = "100 x 100/s, TLS"
PICOWS = "picows, uvloop"
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
    few, many = BUSY
    calm, _ = CALM
    wanted = [
        (few, LIMIT, "<=", 1.12),
        (few, PICOWS, "<", 1.0),
        (many, LIMIT, "<=", 1.2),
        (many, PICOWS, "<=", 1.0),
        (calm, PICOWS, "<=", 1.0),
        *(
            (load, rival, "<=", share)
            for load in BUSY
            for rival, share in (("websockets, uvloop", 0.5), ("aiohttp, uvloop", 0.6), ("Node ws", 0.7))
        ),
    ]
    found = [
        Aim(
            f"CPU per delivery, {load.name}",
            rival,
            _ratio(results, "us_per_delivery", load.name, rival),
            sign,
            share,
        )
        for load, rival, sign, share in wanted
    ]
    encrypted = results.ratio("us_per_delivery", (TLS, OURS), (calm.name, OURS))
    return [*found, Aim(f"CPU per delivery, {TLS}", "without TLS", encrypted, "<=", 1.4)]


def _latency(results: Results) -> list[Aim]:
    return [
        Aim(f"{figure[:3]}, {load.name}", rival, found, "<=", wanted)
        for load in CALM
        for figure in ("p50_ms", "p99_ms")
        for rival, wanted in ((LIMIT, 1.25), (PICOWS, 1.1))
        for found in [_ratio(results, figure, load.name, rival)]
    ]


def _saturation(results: Results) -> list[Aim]:
    figure = "deliveries_per_second"
    peers = [item.name for item in CONTENDERS if item.name not in {OURS, LIMIT, LIMIT_BATCHED}]
    best = max(peers, key=lambda name: results.median(SATURATED, name, figure) or 0)
    wanted = (
        (SATURATED_FEW, LIMIT_BATCHED, LIMIT_BATCHED, 0.5),
        (SATURATED, LIMIT_BATCHED, LIMIT_BATCHED, 0.9),
        (SATURATED, f"best peer: {best}", best, 5),
    )
    return [
        Aim(
            f"deliveries/s, {load}",
            against,
            _ratio(results, figure, load, rival),
            ">=",
            share,
        )
        for load, against, rival, share in wanted
    ]


def _resources(results: Results) -> list[Aim]:
    alike, _, different, *_ = (shape.name for shape in SHAPES)
    interval_scale, crowd = CALM[0].name, CALM[1].name
    distinct = results.ratio("us_per_delivery", (different, OURS), (alike, OURS))
    shaken = _ratio(results, "joins_per_second", HANDSHAKES.name, PICOWS)
    return [
        Aim("CPU per delivery, 1000 different subscriptions", "identical ones", distinct, "<=", 2),
        Aim("handshakes/s, 1000", PICOWS, shaken, ">=", 1),
        Aim("KiB of memory per idle connection", "", results.median(crowd, OURS, "rss_idle_kib"), "<=", 32),
        Aim(
            "ms from event to client, p50, 100 x 100/s",
            "",
            results.median(interval_scale, OURS, "p50_ms"),
            "<",
            1,
        ),
    ]
