"""Figures of all rounds: kept, read back, and asked for medians and ratios."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

Figures = dict[str, float]


class Results:
    """
    What was measured, by workload and contender, one entry a round.

    Attributes:
        about: The machine and the versions.
    """

    def __init__(self, about: dict[str, str] | None = None) -> None:
        self.about = about or {}
        self._rounds: dict[str, dict[str, list[Figures]]] = {}
        self._problems: dict[str, dict[str, str]] = {}

    def add(self, workload: str, contender: str, figures: Figures, problem: str) -> None:
        """One more round. ``figures`` may be empty; ``problem`` then says why."""
        self._rounds.setdefault(workload, {}).setdefault(contender, []).append(figures)
        if problem:
            self._problems.setdefault(workload, {})[contender] = problem

    def contenders(self) -> list[str]:
        """Everyone who took part, in order."""
        return list(dict.fromkeys(name for row in self._rounds.values() for name in row))

    def workloads(self) -> list[str]:
        """Everything that was asked, in order."""
        return list(self._rounds)

    def problem(self, workload: str, contender: str) -> str:
        """What went wrong; empty when nothing did."""
        return self._problems.get(workload, {}).get(contender, "")

    def rounds(self, workload: str, contender: str) -> list[Figures]:
        """The figures of each round that has some."""
        return [figures for figures in self._rounds.get(workload, {}).get(contender, []) if figures]

    def median(self, workload: str, contender: str, figure: str) -> float | None:
        """Over the rounds; None when there is none."""
        values = [figures[figure] for figures in self.rounds(workload, contender) if figure in figures]
        return median(values) if values else None

    def ratio(self, figure: str, ours: tuple[str, str], theirs: tuple[str, str]) -> float | None:
        """
        The median over rounds of one figure as a multiple of the other's in the same round.

        Args:
            figure: Name of the figure.
            ours: Workload and contender.
            theirs: Workload and contender.
        """
        pairs = zip(self.rounds(*ours), self.rounds(*theirs), strict=False)
        ratios = [mine[figure] / other[figure] for mine, other in pairs if other.get(figure)]
        return median(ratios) if ratios else None

    def total(self, contender: str, figure: str) -> int:
        """The sum over everything that was measured."""
        runs = (self.rounds(workload, contender) for workload in self._rounds)
        return int(sum(figures.get(figure, 0) for run in runs for figures in run))

    def save(self, path: Path) -> None:
        """Write it all as JSON."""
        whole = {"about": self.about, "rounds": self._rounds, "problems": self._problems}
        path.write_text(json.dumps(whole, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> Results:
        """Read what :meth:`save` wrote."""
        whole = json.loads(path.read_text())
        results = cls(whole["about"])
        results._rounds, results._problems = whole["rounds"], whole["problems"]
        return results
