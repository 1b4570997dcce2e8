"""The tables that are printed; each returns the figures that are off their aims."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import median

from feed.analytics.market_facts import Fact
from feed.analytics.stylized_facts import Estimate, estimate
from tests.benchmarks.realism import impact, round_trips, runs
from tests.benchmarks.realism.reference import reference


def cell(found: Estimate) -> str:
    """Mean and half interval, such as ``1.78 +-0.06``."""
    if math.isnan(found.mean):
        return "-"
    half = "" if math.isnan(found.half_width) else f" +-{found.half_width:.2g}"
    return f"{found.mean:.3g}{half}"


def print_facts(
    symbol: str, watched: list[runs.Watched], captured: Mapping[str, list[list[Fact]]]
) -> list[str]:
    """The table of one instrument, beside captures; returns the figures that are off."""
    files = " ".join(f"{name:<28}" for name in captured)
    print(
        f"{'':<44} {'of':<13} {'over':<12} {'mean':<17} {'least .. greatest':<20} {'aim':<12}"
        f" {'':<5} {'real':<20} {files}".rstrip()
    )
    off = []
    for at, fact in enumerate(watched[0].facts):
        found = estimate([one.facts[at].value for one in watched])
        aim = reference(fact.key, symbol)
        span = "" if math.isnan(found.mean) else f"{found.least:.3g} .. {found.greatest:.3g}"
        files = " ".join(
            f"{_range([it[at].value for it in seen if at < len(it)]):<28}" for seen in captured.values()
        )
        told = f"{aim.real} {f'[{aim.source}]' if aim.source else ''}" if aim else ""
        verdict = aim.judge(found) if aim else ""
        print(
            f"{fact.name:<44} {fact.of:<13} {fact.horizon:<12} {cell(found):<17} {span:<20}"
            f" {aim.aim if aim else '':<12} {verdict:<5} {told:<20} {files}".rstrip()
        )
        if verdict == "OFF":
            off.append(f"{symbol}: {fact.key} {cell(found)}, aim {aim.aim if aim else ''}")
    return off


def _range(values: list[float]) -> str:
    """Median and range over the instruments of a capture."""
    known = [value for value in values if not math.isnan(value)]
    if len(known) < 2:
        return f"{known[0]:.3g}" if known else "-"
    return f"{median(known):.3g} [{min(known):.3g} .. {max(known):.3g}]"


def print_impact(symbol: str, best: int, curves: list[impact.Curve]) -> list[str]:
    """The table of metaorders of one instrument; returns the figures that are off."""
    print(f"\n{symbol}: metaorders, in sizes at the best price ({best} lots); mids with less without, ticks")
    print(f"{'':<48} {'x best':<8} {'at the end':<20} {'ten minutes later':<20} {'cost a lot':<16} traded")
    off = []
    for curve in curves:
        for multiple, end, later, cost, filled in zip(
            impact.MULTIPLES, curve.at_end, curve.later, curve.costs, curve.filled, strict=True
        ):
            print(
                f"{curve.style:<48} {multiple:<8} {cell(end):<20} {cell(later):<20} {cell(cost):<16}"
                f" {100 * filled:.4g} %"
            )
        for name, found in (
            ("impact at the end of the order, exponent", curve.exponents[0]),
            ("impact ten minutes later, exponent", curve.exponents[1]),
            ("share of the impact that stays", curve.stays),
        ):
            aim = reference(f"{name}, metaorders", symbol)
            verdict = aim.judge(found) if aim else ""
            title = f"{name}, {curve.style}"
            print(f"{title:<57} {cell(found):<20} {aim.aim if aim else '':<20} {verdict}")
            if verdict == "OFF":
                off.append(f"{symbol}: {title} {cell(found)}, aim {aim.aim if aim else ''}")
    return off


def print_round_trips(symbol: str, trips: list[list[round_trips.RoundTrip]]) -> list[str]:
    """The costs of round trips of one instrument; returns those that earn money."""
    off = []
    for pause in round_trips.PAUSES:
        found = round_trips.summary(pause, trips)
        aim = reference("cost of a round trip, ticks a lot", symbol)
        verdict = aim.judge(found) if aim else ""
        title = f"cost of {round_trips.PIECES} orders, {pause} s apart, and back at once"
        print(f"{title:<57} {cell(found):<20} {aim.aim if aim else '':<20} {verdict}")
        if verdict == "OFF":
            off.append(f"{symbol}: {title} {cell(found)}, aim {aim.aim if aim else ''}")
    return off
