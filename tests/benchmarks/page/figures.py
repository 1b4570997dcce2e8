"""What a page costs that stays open: memory and frame times of the browser, CPU of the server."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from tests.benchmarks.fanout.measure import CLIENT_CORE, SERVER_CORE, pinned
from tests.benchmarks.page.pictures import KEYS
from tests.benchmarks.page.server import TICK, Server, serving
from tests.support.browser import started

if TYPE_CHECKING:
    from tests.support.browser import Browser, Tab

MIB = 1 << 20
ALONE_SECONDS = 15  # of the server without a page, to compare with
WARM_SECONDS = 5
TRACE_SECONDS = 8  # a window of tracing is 24 MB
TRACED_MINUTES = (1, 10, 20, 29)
STEADY_MINUTES = 5  # from here on memory is to be flat
MOST_GROWTH_MIB = 1.0
MOST_P95_MS = 20.0
LATE_MS = 50
WRITTEN = "feed_event_to_write_seconds"
# Where nothing is new no frame is drawn: one pixel changes in each, so that late ones can be told from none.
BEAT = """(() => {
  const deltas = new Float32Array(1 << 17);
  const dot = document.createElement('i');
  dot.style.cssText = 'position:fixed;right:0;bottom:0;width:1px;height:1px;z-index:9';
  document.body.append(dot);
  let count = 0;
  let before = 0;
  const beat = (now) => {
    if (before) deltas[count++ % deltas.length] = now - before;
    before = now;
    dot.style.backgroundColor = count % 2 ? '#000' : '#fff';
    requestAnimationFrame(beat);
  };
  requestAnimationFrame(beat);
  window.takeDeltas = () => {
    const taken = [...deltas.slice(0, Math.min(count, deltas.length))];
    count = 0;
    return taken;
  };
})()"""


@attrs.frozen
class Renderer:
    """
    The process that a page runs in.

    Attributes:
        pss: Bytes of memory, shared ones counted in part.
        cpu: Seconds that it has used.
    """

    pss: int = 0
    cpu: float = 0.0


@attrs.frozen
class Sample:
    """
    What was read once a minute, after a garbage collection.

    Attributes:
        minute: Since the page was opened.
        heap: Bytes of JavaScript.
        nodes: Of the document, and those that are kept alive by JavaScript.
        listeners: Event listeners.
        renderer: What the page's process takes.
    """

    minute: float
    heap: float
    nodes: int
    listeners: int
    renderer: Renderer


@attrs.frozen
class Window:
    """
    A window of the browser's own tracing.

    Attributes:
        minute: When it was.
        gaps: Between frames that were drawn, milliseconds.
        states: How often frames came to which end.
    """

    minute: float
    gaps: Sequence[float]
    states: Counter[str]


@attrs.define
class Watched:
    """
    All that was seen.

    Attributes:
        samples: One a minute.
        windows: Of tracing.
        deltas: Between calls of requestAnimationFrame, milliseconds.
        rates: Messages per second that the page took in, one a minute.
        problems: Errors of the page.
    """

    samples: list[Sample] = attrs.field(factory=list)
    windows: list[Window] = attrs.field(factory=list)
    deltas: list[float] = attrs.field(factory=list)
    rates: list[float] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)


def measure(minutes: float, symbol: str, speed: float) -> bool:
    """Print all figures; False where one that can be judged is not what it should be."""
    seen = Watched()
    with serving("--seed", 1, "--speed", speed, core=SERVER_CORE) as server, contextlib.ExitStack() as stack:
        time.sleep(WARM_SECONDS)
        alone = cpu_of(server, lambda: time.sleep(ALONE_SECONDS))
        with pinned(CLIENT_CORE):
            browser = stack.enter_context(started())
        tab = stack.enter_context(browser.tab(1280, 800))
        tab.go(f"{server.url}#{symbol}/1s")
        tab.until("feedPage.app.market.book()")
        tab.evaluate(KEYS)
        browser.listen(WARM_SECONDS)
        tab.evaluate(BEAT)
        print(
            f"{symbol}, speed {speed:g}, 1280 x 800: list, chart, depth, book, tape, account: {minutes:g} min"
        )
        print("minute    heap MiB    nodes  listeners  renderer PSS MiB  renderer CPU")
        before = server.figure(WRITTEN)
        beside = cpu_of(server, lambda: watch(browser, tab, minutes, seen))
        after = server.figure(WRITTEN)
        counts = tab.evaluate("feedPage.app.market.state().counts")
        failures = tab.evaluate("feedPage.shown().failures")
        seen.problems += [*tab.errors, *[f"{failures} drawings failed"] * bool(failures)]
    print(f"messages/s taken in: {min(seen.rates):.0f} to {max(seen.rates):.0f}; {counts}")
    if told := after["_count"] - before["_count"]:
        mean = 1000 * (after["_sum"] - before["_sum"]) / told
        print(f"server: from event to write {mean:.2f} ms on average, over {told:.0f} writes")
    print(f"server: {alone:.1%} of a core alone, {beside:.1%} with the page")
    return judge(seen)


def watch(browser: Browser, tab: Tab, minutes: float, seen: Watched) -> None:
    """Look at the page each minute, and trace it now and then."""
    used = renderer_of(browser.pid).cpu
    begin = time.monotonic()
    waiting = [at for at in TRACED_MINUTES if at < minutes] or [minutes / 4]
    for number in range(1, max(1, round(minutes)) + 1):
        if waiting and waiting[0] < number:
            browser.listen(max(0.0, begin + 60 * waiting[0] - time.monotonic()))
            seen.windows.append(traced(browser, waiting.pop(0)))
        browser.listen(max(0.0, begin + 60 * min(number, minutes) - time.monotonic()))
        seen.deltas += tab.evaluate("takeDeltas()")
        seen.rates.append(tab.evaluate("feedPage.app.market.state().rate"))
        one = sample(browser, tab, (time.monotonic() - begin) / 60)
        used, renderer = one.renderer.cpu - used, one.renderer
        share = used / 60 / (one.minute - (seen.samples[-1].minute if seen.samples else 0))
        seen.samples.append(one)
        counted = f"{one.heap / MIB:11.2f} {one.nodes:8d} {one.listeners:10d}"
        print(f"{one.minute:6.1f} {counted} {renderer.pss / MIB:17.1f} {share:13.1%}", flush=True)
        used = renderer.cpu


def judge(seen: Watched) -> bool:
    """Print frames and growth; False where they are not good, or the page has had errors."""
    good = not seen.problems
    late = sum(one > LATE_MS for one in seen.deltas)
    print(f"frames by requestAnimationFrame: {spread(seen.deltas)}; {late} over {LATE_MS} ms")
    for window in seen.windows:
        states = ", ".join(f"{count} {name}" for name, count in sorted(window.states.items()))
        print(f"gaps of DrawFrame, minute {window.minute:g}: {spread(window.gaps)}; {states}")
        good &= percentile(window.gaps, 0.95) <= MOST_P95_MS
    steady = [one for one in seen.samples if one.minute >= STEADY_MINUTES]
    if len(steady) > 2:
        growth = slope(steady) * (steady[-1].minute - steady[0].minute) / MIB
        kept = [
            max(one) - min(one) for one in zip(*((one.nodes, one.listeners) for one in steady), strict=True)
        ]
        print(f"heap from minute {STEADY_MINUTES} on: {growth:+.2f} MiB along the least-squares line")
        print(f"nodes differ by {kept[0]}, listeners by {kept[1]}")
        good &= growth < MOST_GROWTH_MIB and kept[1] == 0
    else:
        print(f"memory is judged from minute {STEADY_MINUTES} on: too short")
    for problem in seen.problems:
        print(f"problem: {problem}")
    print("good" if good else "NOT good")
    return good


def cpu_of(server: Server, act: Callable[[], object]) -> float:
    """The share of a core that the server takes while something is done."""
    used, begin = server.cpu, time.monotonic()
    act()
    return (server.cpu - used) / (time.monotonic() - begin)


def sample(browser: Browser, tab: Tab, minute: float) -> Sample:
    """What the page holds now."""
    told = tab.metrics()
    nodes, listeners = int(told["Nodes"]), int(told["JSEventListeners"])
    return Sample(minute, told["JSHeapUsedSize"], nodes, listeners, renderer_of(browser.pid))


def renderer_of(browser: int) -> Renderer:
    """The largest renderer of a browser, which leads a session of its own."""
    found = [Renderer()]
    for one in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, StopIteration):
            fields = (one / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == browser and b"--type=renderer" in (one / "cmdline").read_bytes():
                lines = (one / "smaps_rollup").read_text().splitlines()
                pss = 1024 * int(next(each for each in lines if each.startswith("Pss:")).split()[1])
                found.append(Renderer(pss, TICK * (int(fields[11]) + int(fields[12]))))
    return max(found, key=lambda renderer: renderer.pss)


def traced(browser: Browser, minute: float) -> Window:
    """A window of tracing."""
    events = browser.traced(TRACE_SECONDS)
    drawing = [one for one in events if one["name"] == "DrawFrame"]
    [(renderer, _)] = Counter(one["pid"] for one in drawing).most_common(1)
    drawn = sorted(one["ts"] for one in drawing if one["pid"] == renderer)
    gaps = [(later - earlier) / 1000 for earlier, later in itertools.pairwise(drawn)]
    reports = (
        one.get("args", {}).get("frame_reporter") for one in events if one["name"] == "PipelineReporter"
    )
    states = Counter(one["state"].removeprefix("STATE_").lower() for one in reports if one and "state" in one)
    return Window(minute, gaps, states)


def spread(values: Sequence[float]) -> str:
    """Percentiles, in milliseconds."""
    shares = ", ".join(f"p{share} {percentile(values, share / 100):.1f}" for share in (50, 95, 99))
    return f"{shares}, max {max(values, default=0):.1f} ms of {len(values)}"


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def slope(samples: Sequence[Sample]) -> float:
    """Bytes per minute of the least-squares line of the heap."""
    middle = sum(one.minute for one in samples) / len(samples)
    mean = sum(one.heap for one in samples) / len(samples)
    square = sum((one.minute - middle) ** 2 for one in samples)
    return sum((one.minute - middle) * (one.heap - mean) for one in samples) / square
