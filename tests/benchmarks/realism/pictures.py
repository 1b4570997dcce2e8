"""One picture of an instrument: each of its figures as a curve, with the real values where they are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.realism.impact import MULTIPLES, SECONDS, Curve
from tests.benchmarks.realism.reference import REFERENCES
from tests.benchmarks.realism.runs import Series

_NORMAL: Final = [x / 10 for x in range(61)]


def draw(symbol: str, series: Series, curves: list[Curve], path: Path) -> str:
    """Draw it; returns where, or why not."""
    try:
        import matplotlib as mpl  # noqa: PLC0415 - a picture is a courtesy, not a dependency
    except ImportError:
        return "no picture: matplotlib is not installed"
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, grid = plt.subplots(4, 3, figsize=(18, 19))
    panels = [axes for row in grid for axes in row]
    for axes, paint in zip(panels, _PANELS, strict=False):
        paint(axes, series)
    _impact(panels[10], curves)
    _paths(panels[11], curves)
    figure.suptitle(f"{symbol}, seed 1; crosses and dotted lines are real or theory")
    figure.tight_layout(rect=(0, 0, 1, 0.985))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=90)
    plt.close(figure)
    return f"picture: {path}"


def _mid(axes: Any, series: Series) -> None:
    axes.plot(*series["mid"], linewidth=0.6)
    axes.set(title="mid", xlabel="hours", ylabel="ticks")


def _updates(axes: Any, series: Series) -> None:
    axes.plot(*series["updates"], linewidth=0.6)
    axes.set(title="book updates a second, first ten minutes", xlabel="s")


def _gaps(axes: Any, series: Series) -> None:
    x, y = series["taker gaps"]
    axes.loglog([max(value, 1e-5) for value in x], y, label="taker orders")
    if x:
        mean = sum(a * b for a, b in zip(x, _steps(y), strict=True))
        places = [10 ** (at / 10) for at in range(-50, 31)]
        axes.loglog(places, [math.exp(-it / mean) for it in places], ":", label="Poisson")
    axes.set(
        title="waiting times of taker orders", xlabel="s", ylabel="share that waits longer", ylim=(1e-5, 2)
    )
    axes.legend()


def _steps(survival: list[float]) -> list[float]:
    return [a - b for a, b in zip(survival, [*survival[1:], 0.0], strict=True)]


def _signs(axes: Any, series: Series) -> None:
    lags, values = series["signs"]
    axes.loglog(lags, [max(value, 1e-3) for value in values], "o-", label="ours")
    _real(axes, "autocorrelation of signs, taker orders, lag ")
    axes.set(title="autocorrelation of signs, taker orders", xlabel="lag, orders", ylim=(1e-3, 1))
    axes.legend()


def _tails(axes: Any, series: Series) -> None:
    for name in ("returns 1 s", "returns 1 min"):
        axes.semilogy(*series[name], label=name)
    axes.semilogy(_NORMAL, [math.erfc(x / math.sqrt(2)) for x in _NORMAL], ":", label="normal")
    axes.set(
        title="tails of |returns|",
        xlabel="standard deviations",
        ylabel="share beyond",
        ylim=(1e-6, 1),
        xlim=(0, 20),
    )
    axes.legend()


def _memory(axes: Any, series: Series) -> None:
    axes.semilogx(*series["memory"], "o-", label="ours")
    _real(axes, "autocorrelation of |returns|, mid, 1 min, lag ")
    axes.axhline(0, color="black", linewidth=0.5)
    axes.set(title="autocorrelation of |returns over 1 min|", xlabel="lag, minutes")
    axes.legend()


def _ratio(axes: Any, series: Series) -> None:
    axes.semilogx(*series["ratio"], "o-")
    axes.axhline(1, color="black", linewidth=0.5, linestyle=":")
    axes.set(title="variance of returns beside a random walk's", xlabel="s", ylim=(0, 2))


def _spread(axes: Any, series: Series) -> None:
    axes.step(*series["spread"], where="post")
    axes.set(title="spread", xlabel="ticks", ylabel="share of time at most", xscale="log")


def _depth(axes: Any, series: Series) -> None:
    axes.loglog(*series["depth"], "o-")
    axes.set(title="depth of one side", xlabel="distance from the mid, bps", ylabel="sizes at the best price")


def _hours(axes: Any, series: Series) -> None:
    axes.bar(*series["hours"])
    axes.set(title="taker orders an hour", xlabel="hour of the day, UTC")


def _impact(axes: Any, curves: list[Curve]) -> None:
    for curve in curves:
        for name, points, line in (("end", curve.at_end, "o-"), ("10 min later", curve.later, "x--")):
            axes.errorbar(
                MULTIPLES,
                [max(it.mean, 1e-2) for it in points],
                yerr=[0 if math.isnan(it.half_width) else it.half_width for it in points],
                fmt=line,
                label=f"{curve.style}, {name}",
            )
    if curves:
        first = max(curves[0].at_end[0].mean, 1e-2)
        axes.plot(MULTIPLES, [first * math.sqrt(it) for it in MULTIPLES], ":", label="square root")
        axes.legend()
    axes.set(title="impact of metaorders", xlabel="sizes at the best price", xscale="log", yscale="log")
    axes.set(ylabel="ticks")


def _paths(axes: Any, curves: list[Curve]) -> None:
    for curve in curves[:1]:
        for multiple, ticks in zip(MULTIPLES, curve.mean_path, strict=True):
            axes.plot([it / 60 for it in SECONDS], ticks, "o-", label=f"{multiple} x", markersize=3)
        axes.legend()
    axes.set(title="metaorders over 5 minutes, and after", xlabel="minutes", ylabel="ticks")


def _real(axes: Any, beginning: str) -> None:
    points = [
        (float(key.removeprefix(beginning)), it.points)
        for key, it in REFERENCES.items()
        if key.startswith(beginning)
    ]
    axes.plot([x for x, _ in points], [y for _, y in points], "kx:", label="real")


_PANELS: Final[tuple[Callable[[Any, Series], None], ...]] = (
    _mid,
    _updates,
    _gaps,
    _signs,
    _tails,
    _memory,
    _ratio,
    _spread,
    _depth,
    _hours,
)
