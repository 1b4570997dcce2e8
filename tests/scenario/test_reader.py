"""From a file to a scenario; from a bad file to everything that is wrong with it."""

import attrs
import pytest

from feed.errors import ConfigError, ConfigErrors
from feed.model import faults, timeline
from feed.model.contracts import Perpetual
from feed.model.events import Side
from feed.model.faults import Aim
from feed.model.ground_truth import GroundTruth, Label
from feed.model.instruments import Contract
from feed.model.scenario import Counts, Expect
from feed.model.signals import SignalType
from feed.scenario.reader import parse_scenario, read_scenario
from feed.scenario.schema import VERBS
from feed.scenario.times import EXAMPLES
from feed.sim.defaults import default_market

ZONED = "allowed: a time with its zone, such as 2024-03-06T14:30:00Z"
MARKETS = {"default": default_market}
SECOND = 1_000_000_000

HEAD = """\
format = 1
name = "one"
start = 2024-03-06T14:30:00+01:00
duration = "1m"
"""


def parse(text, name="one.toml"):
    return parse_scenario(text, MARKETS, name=name)


def complaints(text):
    with pytest.raises(ConfigError) as caught:
        parse(text)
    return str(caught.value).split("\n")


# --- what a file can say ---------------------------------------------------------------------------


def test_the_least_file():
    """Everything that is not said has its default; the market is the default one."""
    scenario = parse(HEAD)
    assert (scenario.name, scenario.about, scenario.seed) == ("one", "", 1)
    assert scenario.start == 1_709_731_800 * SECOND
    assert scenario.duration == 60 * SECOND
    assert scenario.market == default_market()
    assert (scenario.actions, scenario.faults, scenario.expect) == ((), (), None)


def test_a_market_begins_with_the_first_instruments_of_its_base():
    """``count`` is the number of them."""
    assert parse(HEAD + "[market]\ncount = 2\n").market == default_market(2)


def test_an_instrument_is_taken_from_the_base_and_changed_field_by_field():
    """In the order of the file; what is not said is as in the base."""
    text = (
        '[[market.instruments]]\nsymbol = "XAUUSD"\n[[market.instruments]]\nsymbol = "EURUSD"\nspread = 9\n'
    )
    gold, euro = (default_market().instruments[index] for index in (3, 0))
    assert parse(HEAD + text).market.instruments == (gold, attrs.evolve(euro, spread=9.0))


def test_an_instrument_of_the_files_own():
    """One that the base does not have is described whole."""
    text = """
[[market.instruments]]
symbol = "NEW-USD"
base = "NEW"
quote = "USD"
price_decimals = 2
size_decimals = 1
price = 12500
spread = 12
volatility = 4
size = 500
listed = false
"""
    (item,) = parse(HEAD + text).market.instruments
    assert (item.instrument.symbol, item.price, item.updates_per_second, item.listed) == (
        "NEW-USD",
        12500,
        45.0,
        False,
    )


def test_participants_are_changed_field_by_field():
    """A table for each kind of them, and mixtures of delays as lists."""
    text = (
        "[market.makers]\ncount = 2\npause = [{ weight = 1, mean_ms = 5 }]\n"
        "[market.impact]\npermanent = 0.5\n"
    )
    base = default_market()
    market = parse(HEAD + text).market
    makers = attrs.evolve(base.makers, count=2, pause=(market.makers.pause[0],))
    impact = attrs.evolve(base.impact, permanent=0.5)
    assert market == attrs.evolve(base, makers=makers, impact=impact)
    assert (market.makers.pause[0].weight, market.makers.pause[0].mean_ms) == (1.0, 5.0)


def test_a_timeline_has_two_sides():
    """Actions and faults are in one list in the file, and separate in the scenario."""
    text = """
[[timeline]]
at = "5s"
do = "large-order"
instruments = ["EURUSD"]
side = "sell"
lots = 500
pause = "250ms"
bps = 12.5
[[timeline]]
seq = 9
do = "delay"
delay = "0.1s"
duration = "20s"
aim = { dialect = "tradyn", key = "desk", fraction = 0.5 }
[[timeline]]
at = "10s"
do = "halt"
"""
    scenario = parse(HEAD + text)
    assert scenario.actions == (
        timeline.LargeOrder(
            at=5 * SECOND, instruments=("EURUSD",), side=Side.SELL, lots=500, pause=SECOND // 4, bps=12.5
        ),
        timeline.Halt(at=10 * SECOND),
    )
    aim = Aim(dialect="tradyn", key="desk", fraction=0.5)
    assert scenario.faults == (faults.Delay(seq=9, delay=SECOND // 10, duration=20 * SECOND, aim=aim),)


def test_ground_truth_is_separate_from_the_timeline():
    """Labels name their signal as the protocols do; each instrument of one is a label of its own."""
    text = """
[[truth]]
signal = "wall_appearance"
instruments = ["ETH-USD", "BTC-USD"]
at = "5s"
[[truth]]
signal = "whale_movement"
instruments = ["BTC-USD"]
at = "1s"
until = "1.5s"
"""
    scenario = parse(HEAD + text)
    wall, whale = SignalType.WALL_APPEARANCE, SignalType.WHALE_MOVEMENT
    assert scenario.truth == (
        GroundTruth(signal=wall, instruments=("ETH-USD", "BTC-USD"), at=5 * SECOND),
        GroundTruth(signal=whale, instruments=("BTC-USD",), at=SECOND, until=3 * SECOND // 2),
    )
    start = scenario.start
    assert scenario.labels == (
        Label(whale, "BTC-USD", start + SECOND, start + 3 * SECOND // 2),
        Label(wall, "ETH-USD", start + 5 * SECOND, start + 60 * SECOND),
        Label(wall, "BTC-USD", start + 5 * SECOND, start + 60 * SECOND),
    )


def test_signals_have_rules_of_the_files_own():
    """Field by field, or all of them where the base has none."""
    base = default_market()
    rules = parse(HEAD + "[market.signals]\nwhale_usd = 5\n").market.signals
    counted = parse(HEAD + "[market]\ncount = 2\n[market.signals]\nwhale_usd = 5\n").market.signals
    assert rules == counted == attrs.evolve(base.signals, whale_usd=5)


def test_a_derivative_keeps_what_makes_it_one():
    """Taken from the base by its symbol, with changes of its own."""
    text = """
[[market.instruments]]
symbol = "BTC-USD"
[[market.instruments]]
symbol = "BTC-PERP"
perpetual = { symbol = "BTC-USD", longs = 0.8 }
"""
    future = parse(HEAD + text).market.instruments[1]
    assert (future.instrument.contract, future.instrument.underlying) == (Contract.PERPETUAL, "BTC-USD")
    assert future.perpetual == Perpetual(symbol="BTC-USD", longs=0.8)


def test_every_class_has_a_word():
    """What the model can do, a file can say."""
    assert sorted(VERBS.values(), key=repr) == sorted([*timeline.ACTIONS, *faults.FAULTS], key=repr)
    assert {"shock", "large-order", "half-open", "refuse-handshakes"} <= VERBS.keys()


def test_an_expectation():
    """What is left out is not compared; kinds that are left out do not happen."""
    digest = "ab" * 32
    scenario = parse(HEAD + f'[expect]\nevents = 5\ndigest = "{digest}"\n[expect.counts]\ntrade = 5\n')
    assert scenario.expect == Expect(events=5, digest=digest, counts=Counts(trade=5))


# --- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sed = 1", "one.toml:5: sed: unknown key; did you mean seed?"),
        ("seed = -1", "one.toml:5: seed: found -1; allowed: >= 0"),
        ("seed = true", "one.toml:5: seed: found true; allowed: a whole number"),
        ('seed = "1"', 'one.toml:5: seed: found "1"; allowed: a whole number'),
        ("market = 3", "one.toml:5: market: found 3; allowed: a table"),
        ("[market]\nbase = 'defualt'", 'one.toml:6: market.base: found "defualt"; did you mean default?'),
        (
            "[market]\ncount = 0",
            "one.toml:6: market.count: found 0; allowed: a whole number from 1 to 10000",
        ),
        (
            "[market]\ncount = 1\ninstruments = []",
            "one.toml:6: market.count: given besides instruments; allowed: one of them",
        ),
        ("[market.makers]\ncnt = 2", "one.toml:6: market.makers.cnt: unknown key; did you mean count?"),
        ("[market.makers]\ncount = 65", "one.toml:6: market.makers.count: found 65; allowed: <= 64"),
        ("[market.news]\nshare = nan", "one.toml:6: market.news.share: found NaN; allowed: a number"),
        (
            '[[market.instruments]]\nsymbol = "EURUSD"\n[[market.instruments]]\nsymbol = "EURUSD"',
            'one.toml:8: market.instruments[1].symbol: found "EURUSD"; it is listed already',
        ),
        (
            '[[market.instruments]]\nsymbol = "EURUSD"\nsprad = 1',
            "one.toml:7: market.instruments[0].sprad: unknown key; did you mean spread?",
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "shok"',
            'one.toml:7: timeline[0].do: found "shok"; did you mean shock?',
        ),
        (
            '[[timeline]]\nat = 1\ndo = "halt"',
            f"one.toml:6: timeline[0].at: found 1; allowed: {EXAMPLES}",
        ),
        ('[[timeline]]\nat = "1s"\ndo = "shock"', "one.toml:5: timeline[0]: fraction is missing"),
        ('[[timeline]]\ndo = "halt"', "one.toml:5: timeline[0]: at is missing"),
        (
            '[[timeline]]\nat = "61s"\ndo = "halt"',
            "one.toml:6: timeline[0].at: never happens; the end is at 1m",
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "halt"\ninstruments = ["EURUS"]',
            'one.toml:8: timeline[0].instruments: found "EURUS"; did you mean EURUSD?',
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "halt"\ninstruments = "EURUSD"',
            'one.toml:8: timeline[0].instruments: found "EURUSD"; allowed: a list, in square brackets',
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "large-order"\nlots = 1\nside = "up"',
            'one.toml:9: timeline[0].side: found "up"; allowed: buy, sell',
        ),
        (
            '[[timeline]]\nat = "1s"\nseq = 1\ndo = "garbage"',
            "one.toml:5: timeline[0]: 'at' or 'seq' says when, one of them and not both",
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "garbage"\naim = { frac = 0.5 }',
            "one.toml:8: timeline[0].aim.frac: unknown key; did you mean fraction?",
        ),
        (
            '[[market.instruments]]\nsymbol = "BTC-PERP"',
            "one.toml:5: market.instruments[0]: it follows BTC-USD; which must be listed too",
        ),
        (
            '[[market.instruments]]\nsymbol = "BTC-USDTT"\nspread = 9',
            'one.toml:6: market.instruments[0].symbol: found "BTC-USDTT"; did you mean BTC-USDT?',
        ),
        (
            '[[market.instruments]]\nsymbol = "BTC-USD@coinbase"',
            'one.toml:6: market.instruments[0].symbol: found "BTC-USD@coinbase"; did you mean BTC-USD?',
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "premium"\nbps = 5\ninstruments = ["EURUSD"]',
            'one.toml:9: timeline[0].instruments: found "EURUSD"; it follows no other instrument',
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "wall"\nlots = 5\nside = "buy"\nbps = 0',
            "one.toml:10: timeline[0].bps: found 0.0; allowed: > 0",
        ),
        (
            '[[market.sessions.hours]]\nasset_class = "fxx"\nopen = ["Mon 08:00 to Mon 16:00"]',
            'one.toml:6: market.sessions.hours[0].asset_class: found "fxx"; did you mean fx?',
        ),
        (
            '[[market.sessions.hours]]\nasset_class = "fx"\nopen = ["Mon 8:00 to Mon 16:00"]',
            (
                "one.toml:5: market.sessions.hours[0]: 'Mon 8:00 to Mon 16:00' is no part of the week such "
                "as 'Sun 22:00 to Fri 22:00'"
            ),
        ),
        (
            '[[timeline]]\nat = "1s"\ndo = "halt"\nauction = "0s"',
            "one.toml:8: timeline[0].auction: found 0; allowed: > 0",
        ),
        (
            '[[truth]]\nsignal = "whale_movment"\ninstruments = ["EURUSD"]\nat = "1s"',
            'one.toml:6: truth[0].signal: found "whale_movment"; did you mean whale_movement?',
        ),
        (
            '[[truth]]\nsignal = "whale_movement"\ninstruments = ["EURUS"]\nat = "1s"',
            'one.toml:7: truth[0].instruments: found "EURUS"; did you mean EURUSD?',
        ),
        (
            '[[truth]]\nsignal = "whale_movement"\ninstruments = []\nat = "1s"',
            "one.toml:7: truth[0].instruments: found 0; allowed: >= 1",
        ),
        (
            '[[truth]]\nsignal = "whale_movement"\ninstruments = ["EURUSD"]\nat = "61s"',
            "one.toml:8: truth[0].at: never happens; the end is at 1m",
        ),
        (
            '[[truth]]\nsignal = "whale_movement"\ninstruments = ["EURUSD"]\nat = "9s"\nuntil = "8s"',
            "one.toml:9: truth[0].until: found 8s; allowed: 9s to 1m",
        ),
        (
            '[[truth]]\nsignal = "whale_movement"\ninstruments = ["EURUSD"]\nat = "1s"\n[market]\ncount = 1',
            "one.toml:5: truth[0]: nobody gives signals; add [market.signals]",
        ),
        (
            "[expect.counts]\ntrades = 5",
            "one.toml:6: expect.counts.trades: unknown key; did you mean trade?",
        ),
    ],
)
def test_an_error_has_its_place(text, complaint):
    """File, line, key, what was found and what is allowed."""
    assert complaints(HEAD + text + "\n") == [complaint]


def test_a_hint_does_not_name_every_instrument():
    """A line that can be read: the first of them, and how many more there are."""
    (complaint,) = complaints(HEAD + '[[timeline]]\nat = "1s"\ndo = "halt"\ninstruments = ["..."]\n')

    assert complaint.startswith('one.toml:8: timeline[0].instruments: found "..."; allowed: EURUSD, GBPUSD, ')
    assert complaint.endswith(f" and {len(default_market().instruments) - 40} more")


def test_a_new_instrument_may_be_named_like_another():
    """It says of itself what one of the default market need not; what is left is still missing."""
    assert complaints(HEAD + '[[market.instruments]]\nsymbol = "BTC-USDX"\nprice = 5000\n') == [
        "one.toml:5: market.instruments[0]: spread, volatility, size are missing",
        "one.toml:5: market.instruments[0]: base, quote, price_decimals, size_decimals are missing",
    ]


def test_missing_keys_are_reported_together():
    """One line for the keys that a file must have."""
    assert complaints("seed = 1\n") == ["one.toml: format, name, start, duration are missing"]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("format = 2", "one.toml:1: format: found 2; allowed: 1; another release of feed may read it"),
        (
            'name = "One Two"',
            'one.toml:2: name: found "One Two"; allowed: small letters, digits and hyphens, at most 64',
        ),
        (
            "start = 2024-03-06T14:30:00",
            f'one.toml:3: start: found "2024-03-06 14:30:00"; {ZONED}',
        ),
        ('duration = "0s"', "one.toml:4: duration: found 0; allowed: > 0"),
    ],
)
def test_a_mistake_in_the_head(line, complaint):
    """A time needs its zone, a duration its unit, and both must be there."""
    key = line.partition(" ")[0]
    text = "\n".join(line if old.startswith(key) else old for old in HEAD.split("\n"))
    assert complaints(text) == [complaint]


def test_all_errors_are_reported_at_once():
    """In the order of the file, each as an error of its own."""
    text = (
        HEAD.replace("format = 1", "format = 3") + 'x = 1\n[[timeline]]\nat = "1s"\n[expect]\nevents = -1\n'
    )
    with pytest.raises(ConfigErrors) as caught:
        parse(text)
    assert [error.where for error in caught.value.errors] == [
        "one.toml:1",
        "one.toml:5",
        "one.toml:6",
        "one.toml:9",
    ]


def test_a_mistake_in_the_market_hides_no_other():
    """The rest is checked all the same."""
    assert len(complaints(HEAD + "x = 1\n[market]\nbase = 'y'\n")) == 2


def test_no_toml(tmp_path):
    """The line is the one that TOML's reader names."""
    path = tmp_path / "bad.toml"
    path.write_text("format = 1\nname = \n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_scenario(path, MARKETS)
    assert str(caught.value).startswith(f"{path}:2: is not TOML: ")


def test_no_file(tmp_path):
    """A file that is not there, and one that is no text."""
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read_scenario(tmp_path / "none.toml", MARKETS)
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        read_scenario(tmp_path / "bytes.toml", MARKETS)
