"""Messages of a tick server become quotes."""

import pytest

from feed.errors import ConfigError

WELCOME = '{"type":"welcome","message":"hello","authTimeout":30}\n'


def tick(symbol, bid, ask, time, seq=None, *, prev=None):
    tail = "" if seq is None else f',"seq":{seq}'
    tail += "" if prev is None else f',"pos":"{seq}-00000000","prev":{prev}'
    return f'{{"type":"tick","symbol":"{symbol}","bid":{bid},"ask":{ask},"time":{time}{tail}}}\n'


def test_ticks_become_quotes(import_texts):
    """Instruments are discovered, with as many decimals as the finest tick shows."""
    text = (
        WELCOME
        + tick("EURUSD", "1.0850", "1.0851", 1_700_000_000_000, 5)
        + tick("BTC-USD", "60000.0", "60000.5", 1_700_000_000_001, 7)
        + tick("EURUSD", "1.08505", "1.0852", 1_700_000_000_002, 9)
    )
    done = import_texts("tradyn", {"a.ticks": text})
    assert [(item.symbol, item.price_decimals, item.asset_class) for item in done.header.instruments] == [
        ("EURUSD", 5, "fx"),
        ("BTC-USD", 1, "crypto"),
    ]
    start = 1_700_000_000_000_000_000
    assert done.rows == [
        (5, 0, start, 108500, 1, 108510, 1),
        (5, 1, start + 1_000_000, 600000, 1, 600005, 1),
        (5, 0, start + 2_000_000, 108505, 1, 108520, 1),
    ]
    assert done.report.messages == {"welcome": 1, "tick": 3}
    assert (done.report.checked, done.report.gaps) == ({"seq does not go back": 3}, 0)
    assert done.header.provenance.source == "tradyn"


def test_a_sequence_number_that_goes_back_is_reported(import_texts):
    """With its place, and what was expected."""
    text = tick("EURUSD", "1.1", "1.2", 1, 5) + tick("EURUSD", "1.1", "1.3", 2, 4)
    done = import_texts("tradyn", {"a.ticks": text})
    assert done.report.gaps == 1
    assert str(done.report.problems[0]).endswith(
        "a.ticks:2: seq of EURUSD went back: expected at least 5, found 4"
    )


def test_a_missing_tick_is_reported(import_texts):
    """Each names the one before it; what a connection repeats is none, and a new beginning may be."""
    seqs = [(5, None), (7, 5), (7, 5), (11, 9), (12, 11), (12, None), (20, None), (21, 20)]
    text = "".join(tick("EURUSD", "1.1", "1.2", at, seq, prev=prev) for at, (seq, prev) in enumerate(seqs, 1))
    done = import_texts("tradyn", {"a.ticks": text})
    assert [str(problem).partition(": ")[2] for problem in done.report.problems] == [
        "ticks of EURUSD are missing: 11 follows 9, the last one here is 7",
        "ticks of EURUSD begin anew at 20: what was told after 12 may be missing",
    ]
    assert (done.report.checked, done.report.gaps) == ({"seq does not go back": 6}, 2)


@pytest.mark.parametrize(
    "line", ["no JSON", "[]", '{"type":"tick","symbol":"EURUSD"}', tick("EURUSD", '"x"', 1, 1)]
)
def test_a_line_that_makes_no_sense_is_named(import_texts, line):
    """Or skipped, when the import is lenient."""
    with pytest.raises(ConfigError, match=r"a\.ticks:2"):
        import_texts("tradyn", {"a.ticks": WELCOME + line + "\n"})
    good = tick("EURUSD", 1, 2, 1)
    done = import_texts("tradyn", {"a.ticks": WELCOME + line + "\n" + good}, lenient=True)
    assert (len(done.rows), done.report.skipped) == (1, 1)
