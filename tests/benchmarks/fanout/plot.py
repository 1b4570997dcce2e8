"""
Results as a picture: ``python plot.py results.json fanout.png``.

It runs in the peers' environment, which has matplotlib; the project does not need it. So it imports
nothing of the project.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median

from matplotlib import pyplot as plt
from matplotlib.ticker import NullFormatter

PANELS = (
    ("100 x 1000/s", "us_per_delivery", "CPU per delivery, us\n100 connections, 1000 ticks/s", False),
    ("1000 x 20/s", "p99_ms", "latency p99, ms\n1000 connections, 20 ticks/s", True),
    (
        "saturated, 1000",
        "deliveries_per_second",
        "deliveries a second while p99 < 100 ms\n1000 connections",
        True,
    ),
)
OURS, LIMIT, PEER = "#d1495b", "#66717e", "#8fb8de"


def main(source: Path, target: Path) -> None:
    rounds = json.loads(source.read_text())["rounds"]
    names = list(dict.fromkeys(name for row in rounds.values() for name in row))[::-1]
    figure, axes = plt.subplots(1, len(PANELS), figsize=(15, 0.4 * len(names) + 1.6), sharey=True)
    for axis, (workload, key, title, logarithmic) in zip(axes, PANELS, strict=True):
        measured = {
            name: [run[key] for run in rounds.get(workload, {}).get(name, []) if run] for name in names
        }
        values = [median(measured[name]) if measured[name] else 0 for name in names]
        bars = axis.barh(names, values, color=[_color(name) for name in names])
        axis.bar_label(bars, [_label(value) for value in values], padding=3, fontsize=8)
        axis.set_title(title, fontsize=10)
        if logarithmic and any(values):
            axis.set_xscale("log")
            axis.xaxis.set_minor_formatter(NullFormatter())
        axis.margins(x=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, dpi=120)


def _color(name: str) -> str:
    if name == "feed":
        return OURS
    return LIMIT if name.startswith("C,") else PEER


def _label(value: float) -> str:
    if not value:
        return "-"
    return (
        f"{value / 1e6:.2f} M" if value >= 1e6 else f"{value / 1e3:.0f} k" if value >= 1e4 else f"{value:.2f}"
    )


main(Path(sys.argv[1]), Path(sys.argv[2]))
