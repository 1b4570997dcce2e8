"""Every shipped scenario keeps its promise: the bytes and the signals that its file expects."""

import io
import os
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.model.auctions import AuctionPhase
from feed.model.digest import canonical
from feed.model.events import AUCTION, CLOCK, QUOTE, STATUS, TRADE, Status, event
from feed.model.ground_truth import judge
from feed.model.signals import Severity, SignalType
from feed.recording.format import Header, Provenance
from feed.recording.reader import RecordingReader
from feed.recording.writer import RecordingWriter
from feed.scenario.reader import parse_scenario, read_scenario
from feed.scenario.shipped import find_scenario, scenarios_in, shipped
from feed.scenario.times import duration_text
from feed.server.run_spec import MARKETS
from feed.settings import Recording
from feed.sim.playback import Playback
from feed.sim.replay import replay
from feed.sim.script import ScriptedMarket

SECOND = 1_000_000_000
MINUTE = 60 * SECOND


def shipped_scenario(name):
    return read_scenario(find_scenario(name), MARKETS)


def story(name):
    """A shipped scenario and all its rows."""
    scenario = shipped_scenario(name)
    market = ScriptedMarket(scenario)
    return scenario, market.opening() + market.advance(market.end)


def mids(scenario, rows, instrument):
    """(seconds from the start, mid price relative to the first) of each two-sided quote."""
    quotes = [row for row in rows if row[:2] == (QUOTE, instrument) and row[4] and row[6]]
    first = quotes[0][3] + quotes[0][5]
    return [((row[2] - scenario.start) / SECOND, (row[3] + row[5]) / first) for row in quotes]


@pytest.mark.parametrize("path", scenarios_in(shipped()), ids=lambda path: path.stem)
def test_a_scenario_comes_out_as_expected(path):
    """
    Its digest is the golden one, which another run has written; every label is signalled in its time.

    Nothing else is signalled that is more than information. It has a name, a purpose, and a length that suits
    a test.
    """
    scenario = read_scenario(path, MARKETS)
    assert scenario.name == path.stem
    assert "good client" in " ".join(scenario.about.split())
    assert MINUTE <= scenario.duration <= 15 * MINUTE
    outcome = replay(scenario)
    assert outcome.expectation() == scenario.expect
    assert outcome.faults == len(scenario.faults)
    if scenario.truth:
        verdict = judge(scenario.labels, outcome.signals, scenario.market.listing())
        assert verdict.missed == ()
        assert [row for row in verdict.unexplained if row[5] > Severity.INFO] == []


LABELLED = [path for path in scenarios_in(shipped()) if read_scenario(path, MARKETS).truth]


def test_each_type_of_signal_has_a_scenario_that_is_named_after_it():
    """So that whoever trains a detector of it finds one."""
    for kind in SignalType:
        word = kind.label.replace("_", "-")
        (path,) = [path for path in LABELLED if path.stem in (word, f"signal-{word}")]
        assert kind in {label.signal for label in read_scenario(path, MARKETS).labels}


def test_another_process_gives_the_same_digest():
    """With hashes of text seeded differently, as each process has it."""
    digests = [
        subprocess.run(
            [sys.executable, "-m", "feed", "replay", "flash-crash", "--speed", "max", "--digest"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert digests[0] == digests[1]
    assert f"sha256 {shipped_scenario('flash-crash').expect.digest}" in digests[0]


def test_a_flash_crash_falls_and_comes_back():
    """Nearly a tenth within seconds, most of it made up within a minute."""
    moves = mids(*story("flash-crash"), 0)
    low_at, low = min(moves, key=lambda move: move[1])
    assert low < 0.92
    assert 30 < low_at < 60
    assert moves[-1][1] > 0.97


def test_a_news_spike_jumps():
    """Up within seconds of the number, and it stays there."""
    moves = mids(*story("news-spike"), 0)
    before = [mid for second, mid in moves if second < 59]
    after = [mid for second, mid in moves if second > 75]
    assert max(before) < min(after)


def test_a_burst_is_a_burst():
    """Tens of times as many events a second as before it."""
    scenario, rows = story("burst")
    seconds = [(row[2] - scenario.start) // SECOND for row in rows]
    interval_scale = sum(5 <= second < 15 for second in seconds) / 10
    busy = sum(20 <= second < 25 for second in seconds) / 5
    assert busy > 30 * interval_scale


def test_a_halt_leaves_a_gap():
    """No event in it but the statuses, and another price after it."""
    scenario, rows = story("halt-and-reopen")
    statuses = [(row[2] - scenario.start, row[3]) for row in rows if row[:2] == (STATUS, 0)]
    assert statuses == [(31 * SECOND, Status.HALTED), (71 * SECOND, Status.TRADING)]
    seconds = [(row[2] - scenario.start) / SECOND for row in rows if row[1] == 0 and row[0] != CLOCK]
    assert not [second for second in seconds if 31 < second < 71]
    moves = mids(scenario, rows, 0)
    last = [mid for second, mid in moves if second < 31][-1]
    reopened = next(mid for second, mid in moves if second > 80)
    assert reopened < last * 0.99


def test_a_night_is_thin():
    """Seconds without a quote, and spreads several times the usual."""
    _, rows = story("thin-overnight")
    times = [row[2] for row in rows if row[:2] == (QUOTE, 0)]
    assert max(later - sooner for sooner, later in pairwise(times)) > 2 * SECOND


# --- any scenario ----------------------------------------------------------------------------------

SPANS = st.integers(0, 2000).map(lambda ms: duration_text(ms * 1_000_000))
LONG = st.integers(1, 2000).map(lambda ms: duration_text(ms * 1_000_000))
FACTORS = st.sampled_from([0.1, 0.5, 2, 10])
WORDS = {
    "shock": {"fraction": st.sampled_from([-0.1, 0.001, 0.2])},
    "volatility": {"factor": FACTORS, "duration": LONG},
    "activity": {"factor": FACTORS, "duration": LONG},
    "liquidity": {"factor": FACTORS, "duration": LONG},
    "spread": {"factor": FACTORS, "duration": LONG},
    "imbalance": {"side": st.sampled_from(["buy", "sell"]), "factor": FACTORS, "duration": LONG},
    "wall": {"side": st.sampled_from(["buy", "sell"]), "lots": st.integers(1, 50_000), "duration": LONG},
    "premium": {"bps": st.sampled_from([-20, 5.5]), "duration": LONG},
    "detach": {"duration": LONG},
    "large-order": {"side": st.sampled_from(["buy", "sell"]), "lots": st.integers(1, 5000)},
    "halt": {"duration": LONG},
    "resume": {},
    "delist": {},
    "list": {},
    "mute": {"duration": LONG},
    "drop": {"fraction": st.sampled_from([0.1, 1])},
    "disconnect": {"code": st.sampled_from([1001, 1006, 4000])},
}


def toml(value):
    return f'"{value}"' if isinstance(value, str) else str(value)


@st.composite
def files(draw):
    """The text of a scenario file of two market seconds."""
    lines = [
        "format = 1",
        'name = "any"',
        f"seed = {draw(st.integers(0, 10**6))}",
        "start = 2024-03-06T14:30:00Z",
        'duration = "2s"',
        "[market]",
        f"count = {draw(st.integers(1, 3))}",
        "[market.makers]",
        f"count = {draw(st.integers(1, 5))}",
    ]
    for word in draw(st.lists(st.sampled_from(sorted(WORDS)), max_size=5)):
        lines += ["[[timeline]]", f'do = "{word}"', f'at = "{draw(SPANS)}"']
        lines += [f"{key} = {toml(draw(value))}" for key, value in WORDS[word].items()]
    return "\n".join(lines) + "\n"


@settings(max_examples=25, deadline=None)
@given(text=files(), cuts=st.lists(st.integers(0, SECOND), max_size=6))
def test_any_scenario_comes_out_the_same(text, cuts):
    """From its text twice, and however its time is cut."""
    scenario = parse_scenario(text, MARKETS, name="any.toml")
    outcome = replay(scenario)
    assert replay(parse_scenario(text, MARKETS, name="any.toml")) == outcome
    market, whole = ScriptedMarket(scenario), ScriptedMarket(scenario)
    rows = market.opening()
    for pause in cuts:
        rows += market.advance(market.now + pause)
    rows += market.advance(market.end)
    assert rows == whole.opening() + whole.advance(whole.end)
    assert len(rows) == outcome.events


@settings(max_examples=15, deadline=None)
@given(text=files(), block=st.integers(1, 500))
def test_a_recording_of_any_scenario_replays_to_the_same_bytes(text, block):
    """Whatever its blocks: the rows that went in come out, and so the same canonical bytes."""
    scenario = parse_scenario(text, MARKETS, name="any.toml")
    market, out = ScriptedMarket(scenario), io.BytesIO()
    header = Header(
        instruments=tuple(market.listing), provenance=Provenance(source="simulated"), start=scenario.start
    )
    writer = RecordingWriter(out, header, Recording(block_events=block))
    rows = market.opening()
    writer.append(rows)
    while market.now < market.end:
        step = market.advance(min(market.now + SECOND // 10, market.end))
        rows += step
        writer.append(step)
    writer.close()

    def blocks():
        return RecordingReader(io.BytesIO(out.getvalue()), "any.feed.zst")

    played = Playback(blocks().header.listing, blocks, start=scenario.start)
    assert canonical(played.opening() + played.advance(market.end)) == canonical(rows)
    assert writer.hexdigest() == replay(scenario).digest


def test_a_call_auction_opens_where_the_news_has_gone():
    """Its indicative prices follow news, and all of its trades, right after the last of these, are at it."""
    scenario, rows = story("call-auction")
    told = [event(0, row) for row in rows if row[:2] == (AUCTION, 0)]
    assert told[-1].phase is AuctionPhase.UNCROSSED
    assert told[-1].ts == scenario.start + 65 * SECOND
    before, after = (
        [it.price for it in told if low < (it.ts - scenario.start) / SECOND < high]
        for low, high in ((42, 50), (60, 65))
    )
    assert max(after) < min(before) < told[0].reference * 0.98
    trades = [row for row in rows if row[:3] == (TRADE, 0, told[-1].ts)]
    assert {row[5] for row in trades} == {told[-1].price}
    assert sum(row[6] for row in trades) == told[-1].volume
