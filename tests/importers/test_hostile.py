"""Raw captures with messages that no exchange would send."""

import copy
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.errors import ConfigError
from feed.importers import Options, import_files
from feed.recording.reader import RecordingReader
from tests.importers import test_bitmex, test_bybit, test_captures, test_deribit
from tests.importers.capture_lines import OPENED, at, reply

MESSAGES = {
    "bybit": [
        test_bybit.SNAPSHOT,
        test_bybit.depth(8, [["1.50", "0"]], seconds=2),
        test_bybit.OLD_SNAPSHOT,
        test_bybit.delta(
            8, 2, update=[test_bybit.level("1.50", 8)], delete=[test_bybit.level("1.55", side="Sell")]
        ),
    ],
    "deribit": [
        test_deribit.SNAPSHOT,
        test_deribit.book(9, [["change", 50000.0, 1.0]], before=5),
        test_deribit.told("trades.X.raw", [test_deribit.trade(1, 2)]),
        test_deribit.ticker(3, (1.0, 2.0), (3.0, 4.0)),
    ],
    "bitmex": [
        test_bitmex.PARTIAL,
        test_bitmex.l2("update", test_bitmex.level(5, "Buy", 193)),
        test_bitmex.table(
            "trade",
            "insert",
            {"timestamp": test_bitmex.iso(0), "symbol": "XBTUSD", "side": "Buy", "size": 1, "price": 2},
        ),
    ],
    "coinbase": [
        test_captures.SNAPSHOT,
        test_captures.update(2, ["buy", "1.50", "3"]),
        test_captures.match(3, 7),
    ],
    "binance": [
        test_captures.diff(1, 2, bids=[["1.00", "9"]]),
        {"u": 1, "s": "ABUSDT", "b": "1.50", "B": "2", "a": "1.75", "A": "3"},
    ],
    "kraken": [test_captures.kraken_snapshot(), [1, [["1.5", "2", "1.5", "b", "l", ""]], "trade", "XDG/EUR"]],
}
LISTS = {
    "bybit": ("/v2/public/symbols", test_bybit.OLD_LIST),
    "deribit": ("/get_instruments", {"result": []}),
    "bitmex": ("/instrument", [{"symbol": "XBTUSD", "tickSize": 0.5, "lotSize": 100}]),
    "coinbase": ("/products", [{"id": "AB-USD", "quote_increment": "0.01", "base_increment": "0.5"}]),
    "binance": ("/exchangeInfo", {"symbols": [{"symbol": "ABUSDT", "filters": []}]}),
    "kraken": (
        "/AssetPairs",
        {"result": {"X": {"wsname": "XBT/USD", "pair_decimals": 5, "lot_decimals": 8}}},
    ),
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**25), 10**25),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "-1", "1e-30", "1e999", "0x1", "\u0661", "9" * 400, "Sell", "delete", "snapshot"]),
    st.just([]),
    st.just({}),
    st.just([["1"]]),
)


def places(value, way=()):
    """Ways to every part of a message."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield (*way, key)
        yield from places(part, (*way, key))


def changed(message, way, part):
    """The message with another part there."""
    message = copy.deepcopy(message)
    whole = message
    for key in way[:-1]:
        whole = whole[key]
    whole[way[-1]] = part
    return message


@pytest.mark.parametrize("name", MESSAGES)
@settings(max_examples=40, derandomize=True)
@given(st.data())
def test_no_message_is_more_than_an_error_with_its_place(name, tmp_path_factory, data):
    """One part of a capture may be anything: the import ends well, or with a line that says what is wrong."""
    messages = [*MESSAGES[name], LISTS[name][1]]
    which = data.draw(st.integers(0, len(messages) - 1))
    way = data.draw(st.sampled_from(list(places(messages[which]))))
    messages[which] = changed(messages[which], way, data.draw(ODD))
    folder = tmp_path_factory.mktemp("hostile")
    lines = [at(number, json.loads(json.dumps(it))) for number, it in enumerate(messages[:-1], 1)]
    (folder / "cap").write_text(OPENED + "".join(lines), encoding="utf-8")
    (folder / "rest").write_text(reply(LISTS[name][0], messages[-1]), encoding="utf-8")
    for lenient in (False, True):
        out = io.BytesIO()
        try:
            import_files(name, [folder / "cap", folder / "rest"], out, Options(lenient=lenient))
        except ConfigError as error:
            told = str(error)
        else:
            told = ""
        assert "\n" not in told
        assert len(told) < 2000
        if told:
            continue
        out.seek(0)
        reader = RecordingReader(out)
        for rows in reader:
            assert all(row[-1] >= -1 for row in rows)
        assert reader.complete
