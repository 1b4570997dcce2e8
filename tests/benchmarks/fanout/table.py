"""Results as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tests.benchmarks.fanout.aims import aims
from tests.benchmarks.fanout.contenders import BEFORE, OURS
from tests.benchmarks.fanout.results import Results
from tests.benchmarks.fanout.workloads import BUSY, CALM, CROWD, HANDSHAKES, SHAPES, Workload

KEEPS_UP = 0.95  # of the deliveries asked for
FAULTS = ("gaps", "duplicates", "hash_mismatches")


def tables(results: Results) -> str:
    """The whole report."""
    about = ", ".join(f"{name} {value}" for name, value in results.about.items())
    parts = [
        f"Medians. {about}",
        "### Contenders",
        _table(*_contenders(results)),
        f"`*` did not keep up. Faults are {', '.join(FAULTS)} over all runs; `-` was not measured.",
        *_problems(results),
    ]
    if any(results.rounds(shape.name, OURS) for shape in SHAPES):
        parts += ["### feed under other subscriptions", _table(*_shapes(results))]
    head, rows = _before(results)
    if rows:
        parts += [
            "### feed beside the other checkout: medians, and of the ratios of each round",
            _table(head, rows),
        ]
    head, rows = _aims(results)
    if rows:
        parts += ["### Aims, as ratios", _table(head, rows)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _contenders(results: Results) -> tuple[list[str], list[list[str]]]:
    saturated = [name for name in results.workloads() if name.startswith("saturated")]
    head = [
        "",
        *(f"us CPU per delivery, {load.name}" for load in BUSY),
        *(f"p50 / p99 ms, {load.name}" for load in CALM),
        *(f"deliveries/s, {name}" for name in saturated),
        f"KiB per connection, {CROWD.connections}",
        f"handshakes/s, {HANDSHAKES.connections}",
        "us CPU per handshake",
        f"seconds to open {CROWD.connections}",
        "faults",
    ]
    rows = []
    for name in results.contenders():
        cell = _cells(results, name)
        rows.append(
            [
                _titled(results, name),
                *(
                    _kept_up(results, load, name, cell(load.name, "us_per_delivery", "{:.2f}"))
                    for load in BUSY
                ),
                *(
                    _kept_up(
                        results,
                        load,
                        name,
                        f"{cell(load.name, 'p50_ms', '{:.2f}')} / {cell(load.name, 'p99_ms', '{:.2f}')}",
                    )
                    for load in CALM
                ),
                *(cell(load, "deliveries_per_second", "{:,.0f}") for load in saturated),
                cell(CROWD.name, "rss_idle_kib", "{:.1f}"),
                cell(HANDSHAKES.name, "joins_per_second", "{:,.0f}"),
                cell(HANDSHAKES.name, "us_per_join", "{:.0f}"),
                cell(CROWD.name, "open_seconds", "{:.2f}"),
                " / ".join(str(results.total(name, fault)) for fault in FAULTS),
            ]
        )
    return head, rows


def _titled(results: Results, contender: str) -> str:
    """Its name, and why the rest of its row is empty if it is."""
    workloads = results.workloads()
    if any(results.rounds(workload, contender) for workload in workloads):
        return contender
    return f"{contender}: {results.problem(workloads[0], contender)}"


def _cells(results: Results, contender: str) -> Callable[[str, str, str], str]:
    def cell(workload: str, figure: str, form: str) -> str:
        value = results.median(workload, contender, figure)
        return "-" if value is None else form.format(value)

    return cell


def _kept_up(results: Results, load: Workload, contender: str, text: str) -> str:
    delivered = results.median(load.name, contender, "deliveries_per_second")
    asked = load.connections * load.rate
    return f"{text} *" if delivered is not None and delivered < KEEPS_UP * asked else text


def _problems(results: Results) -> list[str]:
    told = {
        name: problem
        for workload in results.workloads()
        for name in results.contenders()
        if results.rounds(workload, name) and (problem := results.problem(workload, name))
    }
    return ["\n".join(f"- {name}: {problem}" for name, problem in told.items())] if told else []


def _shapes(results: Results) -> tuple[list[str], list[list[str]]]:
    cell = _cells(results, OURS)
    head = [
        "",
        "us CPU per delivery",
        "p50 ms",
        "p99 ms",
        "p99.9 ms",
        "joins/s",
        "MiB at most",
        "cut",
        "slow cut",
        "faults",
    ]
    rows = [
        [
            shape.name,
            cell(shape.name, "us_per_delivery", "{:.2f}"),
            cell(shape.name, "p50_ms", "{:.2f}"),
            cell(shape.name, "p99_ms", "{:.2f}"),
            cell(shape.name, "p999_ms", "{:.2f}"),
            cell(shape.name, "joins_per_second", "{:,.0f}"),
            cell(shape.name, "rss_most_mib", "{:.0f}"),
            cell(shape.name, "closed", "{:.0f}"),
            cell(shape.name, "closed_slow", "{:.0f}"),
            " / ".join(cell(shape.name, fault, "{:.0f}") for fault in FAULTS),
        ]
        for shape in SHAPES
        if results.rounds(shape.name, OURS)
    ]
    return head, rows


def _before(results: Results) -> tuple[list[str], list[list[str]]]:
    figures = (
        ("us_per_delivery", "us CPU per delivery"),
        ("p50_ms", "p50 ms"),
        ("p99_ms", "p99 ms"),
        ("joins_per_second", "joins/s"),
        ("deliveries_per_second", "deliveries/s"),
    )
    rows = []
    for load in results.workloads():
        for figure, title in figures:
            if figure == "deliveries_per_second" and not load.startswith("saturated"):
                continue  # as many as were asked for
            then, now = (results.median(load, name, figure) for name in (BEFORE, OURS))
            ratio = results.ratio(figure, (load, OURS), (load, BEFORE))
            if then is not None and now is not None and ratio is not None:
                rows.append([f"{title}, {load}", f"{then:,.5g}", f"{now:,.5g}", f"{ratio:.2f}"])
    return ["", "before", "now", "ratio"], rows


def _aims(results: Results) -> tuple[list[str], list[list[str]]]:
    head = ["", "against", "aim", "found", "reached"]
    rows = [
        [
            aim.title,
            aim.against,
            f"{aim.sign} {aim.wanted:g}",
            f"{aim.found:.2f}",
            aim.verdict,
        ]
        for aim in aims(results)
        if aim.found is not None
    ]
    return head, rows
