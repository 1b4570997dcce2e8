"""What the page's modules work out, in a real browser, beside what this project's Python does."""

import json
import random
from decimal import ROUND_DOWN, Decimal
from zlib import crc32

import pytest

from feed.analytics.consolidated import FiveMinuteTrades, VenueQuote, consolidate
from feed.analytics.depth import spread_bps
from feed.dialects.guide.books import LevelsEncoder
from feed.model.candles import fold
from feed.model.events import CLEAR, LEVEL, Side, event
from feed.model.instruments import Instrument, OffGrid, decimal_text
from feed.state.market_state import MarketState

pytestmark = pytest.mark.e2e

BTC = Instrument(
    symbol="BTC-USD", base="BTC", quote="USD", price_decimals=2, tick=5, size_decimals=8, venue="here"
)
GRID = {"priceDecimals": 2, "sizeDecimals": 8, "tick": 5}
NS = 1_000_000


def test_numbers_are_those_of_the_wire(run_js):
    """From text to units and back nothing is lost, at any number of digits; products are exact."""
    draw = random.Random(1)
    cases = [
        (draw.randrange(-(10 ** draw.randrange(1, 16)), 10**15), draw.randrange(10)) for _ in range(1000)
    ]
    cases += [(0, 0), (0, 9), (2**53 - 1, 8), (-(2**53 - 1), 0), (-5, 2)]
    found = run_js(
        """(n, cases) => cases.map(([text, decimals, other]) => {
          const units = n.units(text, decimals);
          const product = n.text(n.product(units, other), decimals);
          return [units, n.text(units, decimals), product, n.decimals(text)];
        })""",
        [(decimal_text(units, decimals), decimals, abs(units) % 1000) for units, decimals in cases],
        modules=["common/numbers"],
    )
    assert found == [
        [units, decimal_text(units, places), decimal_text(units * (abs(units) % 1000), places), places]
        for units, places in cases
    ]


NONE = [
    "",
    "-",
    "1e5",
    "NaN",
    "Infinity",
    " 1",
    "1 ",
    "+1",
    ".5",
    "1.234",
    "1_0",
    "0x10",
    "9007199254740993",
    "1,5",
]


def test_what_is_no_number_of_an_instrument_is_refused(run_js):
    """No number, more digits than the instrument has, or more than can be held exactly: never a near one."""
    refused = run_js(
        """(n, texts) => texts.filter((text) => {
          try { n.units(text, 2); return false; } catch (problem) { return problem instanceof RangeError; }
        })""",
        [*NONE, None, 5],
        modules=["common/numbers"],
    )
    assert refused == [*NONE, None, 5]


def test_sizes_are_shown_rounded_down_and_never_as_nothing(run_js):
    """At most so many digits; what is there never reads as zero, nor as more than there is."""
    draw = random.Random(2)
    cases = [(draw.randrange(1, 10 ** draw.randrange(1, 16)), draw.choice([0, 2, 8])) for _ in range(1000)]
    found = run_js("(n, cases) => cases.map(([u, d]) => n.short(u, d, 6))", cases, modules=["common/numbers"])
    scale = {"k": 3, "M": 6, "G": 9, "T": 12}
    for (units, decimals), text in zip(cases, found, strict=True):
        shown = Decimal(text.rstrip("kMGT")).scaleb(scale.get(text[-1], 0))
        exact = Decimal(decimal_text(units, decimals))
        assert 0 < shown <= exact
        digits = len(text.rstrip("kMGT").replace(".", ""))
        assert digits <= 6 or text.startswith("0.0")
        assert Decimal(text.rstrip("kMGT")) == exact.scaleb(-scale.get(text[-1], 0)).quantize(
            Decimal(text.rstrip("kMGT")), rounding=ROUND_DOWN
        )


def test_shown_texts(run_js):
    """Groups of three and a true minus for people; zeros that say nothing apart."""
    found = run_js(
        "(n) => [n.groupedText(-123456789n, 2), n.grouped('1000'), n.grouped('999.5'), n.screen('-1.5'), "
        "n.zeros('1.500'), n.zeros('1.000'), n.zeros('100')]",
        modules=["common/numbers"],
    )
    narrow, minus = "\u202f", "\u2212"
    assert found == [
        f"{minus}1{narrow}234{narrow}567.89",
        f"1{narrow}000",
        "999.5",
        f"{minus}1.5",
        ["1.5", "00"],
        ["1", ".000"],
        ["100", ""],
    ]


def test_checksum_is_that_of_zlib(run_js):
    """As in the guide's table, and for any text."""
    draw = random.Random(3)
    texts = ["", "2325.00:1.50:2324.50:2.00:2325.25:0.25"]
    texts += ["".join(draw.choices("0123456789.:", k=draw.randrange(500))) for _ in range(200)]
    found = run_js("(c, texts) => texts.map(c.crc32)", texts, modules=["common/checksum"])
    assert found == [crc32(text.encode()) for text in texts]
    assert found[1] == 2334195820


def test_a_ring_keeps_the_newest(run_js):
    """It never holds more than it may, and says how many it gave up."""
    found = run_js(
        """(r) => { const ring = new r.Ring(3); const seen = [];
        for (let at = 0; at < 5; at += 1) { ring.push(at); seen.push([...ring]); }
        return [seen, ring.size, ring.evicted, ring.newest(2)]; }""",
        modules=["common/ring"],
    )
    assert found == [[[0], [1, 0], [2, 1, 0], [3, 2, 1], [4, 3, 2]], 3, 2, [4, 3]]


# -- books ---------------------------------------------------------------------------------------


def changes(count, seed=4):
    """Rows of a lively book: levels come, change and go, and now and then all of them."""
    draw = random.Random(seed)
    rows = []
    for n in range(1, count + 1):
        if draw.random() < 0.002:
            rows.append((CLEAR, 0, n * NS))
            continue
        side = draw.randrange(2)
        price = draw.randrange(1000, 1060) if side else draw.randrange(960, 1005)
        rows.append((LEVEL, 0, n * NS, side, price, draw.choice([0, 0, *[draw.randrange(1, 10**9)] * 4])))
    return rows


def told(rows, joined):
    """The guide's messages for who joins after so many rows, and the levels after each."""
    market_state = MarketState(1)
    for seq, row in enumerate(rows[:joined], 1):
        market_state.apply(seq, row)
    encoder = LevelsEncoder(BTC, 0, market_state)
    texts, levels = list(encoder.snapshot(market_state, 0)), []
    for seq, row in enumerate(rows[joined:], joined + 1):
        market_state.apply(seq, row)
        text = encoder.encode(event(seq, row))
        if text is not None:
            texts.append(text)
            levels.append([[[p * 5, s] for p, s in market_state.levels(0, side)] for side in Side])
    return texts, levels


FOLLOW = """(b, grid, texts) => { const book = new b.Book(grid);
  const rows = (side) => book.levels(side).map((it) => [it.price, it.size]);
  return texts.map((text) => {
    const said = book.apply(JSON.parse(text));
    return [said, book.whole, rows('bid'), rows('ask')]; }).slice(1); }"""


@pytest.mark.parametrize("joined", [0, 700])
def test_a_book_follows_the_market(run_js, joined):
    """Whenever it begins: after every message its levels are the market's, and every checksum is right."""
    texts, levels = told(changes(2000), joined)
    found = run_js(FOLLOW, GRID, [json.loads(json.dumps(text)) for text in texts], modules=["market/book"])
    assert [[bids, asks] for _, _, bids, asks in found] == levels
    assert {(said, whole) for said, whole, _, _ in found} == {("changed", True)}


def test_a_book_in_parts_is_whole_at_the_last(run_js):
    """Until the last part has come it is not the server's, and nothing else is taken into it."""
    draw = random.Random(5)
    sides = [
        [[decimal_text(5 * n, 2), decimal_text(draw.randrange(1, 99), 8)] for n in r]
        for r in (range(50, 0, -1), range(60, 110))
    ]
    part = {"type": "book", "action": "snapshot", "parts": 2, "ts": 1, "seq": 9}
    parts = [
        {**part, "part": n + 1, "bids": [[], sides[0]][n == 0], "asks": [[], sides[1]][n == 1]}
        for n in range(2)
    ]
    best = ":".join(":".join(row) for side in sides for row in side[:10])
    parts[1]["checksum"] = crc32(best.encode())
    parts[0]["checksum"] = 1  # says nothing yet
    late = {
        "type": "book",
        "action": "delta",
        "bids": [],
        "asks": [["9.00", "1"]],
        "ts": 1,
        "seq": 8,
        "checksum": 1,
    }
    found = run_js(
        """(b, grid, parts, late) => { const book = new b.Book(grid); const seen = [];
        for (const part of [parts[1], late, ...parts, late]) seen.push([book.apply(part), book.whole]);
        return [seen, book.size('bid'), book.size('ask')]; }""",
        GRID,
        parts,
        late,
        modules=["market/book"],
    )
    waiting = ["waiting", False]
    assert found == [[waiting, waiting, waiting, ["changed", True], ["same", True]], 50, 50]


def test_a_book_that_is_not_the_servers_says_so(run_js):
    """A lost message, a wrong checksum, half a snapshot: each is noticed, and a new snapshot mends it."""
    texts, _ = told(changes(400), 100)
    proofs = [json.loads(text)["checksum"] for text in texts]
    lost = next(n for n in range(5, 300) if len({proofs[n - 1], proofs[n], proofs[n + 1]}) == 3)
    found = run_js(
        """(b, grid, texts, lost) => {
        const book = new b.Book(grid); const messages = texts.map((it) => JSON.parse(it));
        const reasons = [];
        const take = (message) => { try { return book.apply(message); }
          catch (problem) { reasons.push(problem.reason); return 'lost'; } };
        take(messages[0]);
        const seen = messages.slice(1, lost).map(take);
        take(messages[lost + 1]); const after = take(messages[lost + 2]);
        take({ ...messages[0], parts: 2 }); take(messages[lost]);
        take(messages[0]); take({ ...messages[1], checksum: 1 });
        let ignored = 0; while (reasons.length < 4) { take(messages[1]); ignored += 1; }
        const good = seen.every((it) => it === 'changed');
        return [good, after, reasons, ignored, take(messages[0]), book.whole]; }""",
        GRID,
        texts,
        lost,
        modules=["market/book"],
    )
    before, after, reasons, ignored, mended, whole = found
    assert (before, after, mended, whole) == (True, "waiting", "changed", True)
    assert reasons == ["checksum", "a snapshot without its end", "checksum", "no snapshot"]
    assert ignored == 201


def test_a_row_off_the_grid_changes_nothing(run_js):
    """A price between ticks, or no number, is refused before anything of its message is applied."""
    texts, _ = told(changes(50), 40)
    found = run_js(
        """(b, grid, text) => {
        const book = new b.Book(grid); const first = JSON.parse(text); book.apply(first);
        const before = JSON.stringify([book.levels('bid'), book.levels('ask')]);
        return ['10.01', '1e1', '10.001'].map((price) => { try {
          book.apply({ ...first, action: 'delta', bids: [['1.00', '1.0']], asks: [[price, '1']], seq: 999 });
          return 'applied'; } catch (problem) { return problem.constructor.name; } })
          .concat(before === JSON.stringify([book.levels('bid'), book.levels('ask')]), book.whole); }""",
        GRID,
        texts[0],
        modules=["market/book"],
    )
    assert found == ["RangeError"] * 3 + [True, True]


def test_groups_and_costs_of_a_book(run_js):
    """Steps take bids down and asks up, and lose nothing; a market order costs what its levels cost."""
    texts, levels = told(changes(600), 599)
    bids, asks = levels[-1]
    sizes = [1, 10**8, 5 * 10**9, 10**15]
    found = run_js(
        """(b, grid, texts, sizes) => {
        const book = new b.Book(grid); for (const it of texts) book.apply(JSON.parse(it));
        const cost = (it) => it && { ...it, cost: String(it.cost) };
        return { groups: book.grouped(50, 1000), few: book.grouped(50, 2), crossed: book.crossed,
          buys: sizes.map((size) => cost(book.sweep('buy', size))),
          sells: sizes.map((size) => cost(book.sweep('sell', size))),
          some: book.levels('ask', 2, 3).map((it) => [it.price, it.size, it.total]) }; }""",
        GRID,
        texts,
        sizes,
        modules=["market/book"],
    )
    for name, side, up in (("bids", bids, 0), ("asks", asks, 49)):
        grouped = {}
        for price, size in side:
            key = (price + up) // 50 * 50
            grouped[key] = grouped.get(key, 0) + size
        total, rows = 0, []
        for price, size in grouped.items():
            total += size
            rows.append({"price": price, "size": size, "total": total})
        assert found["groups"][name] == rows
        assert found["few"][name] == rows[:2]
    for name, side, up in (("buys", asks, 1), ("sells", bids, 0)):
        for size, told_cost in zip(sizes, found[name], strict=True):
            left, cost, used = size, 0, 0
            for price, there in side:
                if left:
                    taken = min(left, there)
                    left, cost, used, worst = left - taken, cost + taken * price, used + 1, price
            filled = size - left
            middle = (bids[0][0] + asks[0][0]) / 2
            assert (
                told_cost["bps"] == pytest.approx(abs(cost / filled - middle) / middle * 10_000, abs=2e-4)
                or (found["crossed"])
            )
            del told_cost["bps"]
            assert told_cost == {
                "filled": filled,
                "left": left,
                "average": -(-cost // filled) if up else cost // filled,
                "worst": worst,
                "cost": str(cost),
                "levels": used,
            }
    totals = [sum(size for _, size in asks[: n + 1]) for n in range(5)]
    assert found["some"] == [[*asks[n], totals[n]] for n in (2, 3, 4)]


def test_a_crossed_book_is_kept_as_it_is(run_js):
    """As it stands in a call auction elsewhere: bids at asks and above, each side in its own order."""
    found = run_js(
        """(b, grid, bids, asks) => {
        const book = new b.Book(grid); const at = { ts: 1, seq: 1, part: 1, parts: 1 };
        const seen = []; for (const side of [[bids, []], [[], asks], [bids, asks]]) {
          book.apply({ ...at, action: 'snapshot', bids: side[0], asks: side[1] });
          seen.push([book.crossed, book.best(), book.mid2]); }
        const prices = (side) => book.levels(side).map((it) => it.price);
        return [seen, prices('bid'), prices('ask')]; }""",
        GRID,
        [["1.00", "1"], ["1.10", "1"]],
        [["1.10", "1"], ["1.05", "1"]],
        modules=["market/book"],
    )
    one, other = [False, {"bid": 110, "ask": None}, None], [False, {"bid": None, "ask": 105}, None]
    assert found == [[one, other, [True, {"bid": 110, "ask": 105}, 215]], [110, 100], [105, 110]]


# -- trades, candles, venues ---------------------------------------------------------------------


def trade(n, **more):
    return {"id": n, "price": 100 + n, "size": 1, "side": "buy", "ts": 1000 * n, "seq": 10 * n} | more


def test_trades_stand_in_the_order_in_which_they_were_made(run_js):
    """A late one goes into its place, one that comes twice is dropped, and what is missing can be counted."""
    found = run_js(
        """(t, trades) => { const kept = new t.Trades(4); const seen = [];
        for (const it of trades) seen.push([kept.add(it), kept.missing()]);
        const ids = () => kept.newest(9).map((it) => [it.id, it.rule]);
        const before = ids(); kept.forgive(); const after = [ids(), kept.missing()];
        kept.cut(5000, 100); kept.add({ ...trades[0], id: 6, seq: 100, ts: 5500 }); kept.cut(5000, 100);
        return [seen, before, after, ids()]; }""",
        [trade(1), trade(3), trade(2), trade(2), trade(6), trade(7), trade(3, seq=31)],
        modules=["market/trades"],
    )
    seen, before, after, back = found
    assert seen == [["new", 0], ["new", 1], ["late", 0], ["twin", 0], ["new", 2], ["new", 2], ["twin", 2]]
    assert before == [[7, ""], [6, ""], [3, ""], [2, ""]]
    assert after == [[[7, ""], [6, "gap"], [3, ""], [2, ""]], 0]
    assert back == [[6, "market time went back"], [3, ""], [2, ""], [1, ""]]


def test_candles_of_trades_are_those_of_the_server(run_js):
    """Whatever order they come in: prices and volume are those of the trades as they were made."""
    draw = random.Random(6)
    trades = [
        {
            "price": draw.randrange(90, 110),
            "size": draw.randrange(1, 50),
            "ts": draw.randrange(9) * 500 + 1000 * (n // 9),
            "seq": n,
        }
        for n in range(1, 200)
    ]
    trades.sort(key=lambda it: it["ts"])
    for n, one in enumerate(trades):
        one["seq"] = n + 1
    expected = {}
    for one in trades:
        start = one["ts"] // 1000 * 1000
        before = expected.get(start)
        expected[start] = fold(before, one["ts"] * NS, one["price"], one["size"], 1000 * NS)
    mixed = trades.copy()
    draw.shuffle(mixed)
    found = run_js(
        """(c, trades) => { const series = new c.Series(1000); for (const it of trades) series.trade(it);
        return series.range(0, 9999).map((it) =>
          [it.time, it.open, it.high, it.low, it.close, it.volume, it.trades]); }""",
        mixed,
        modules=["market/candles"],
    )
    assert found == [
        [start, it.open, it.high, it.low, it.close, it.volume, it.trades]
        for start, it in sorted(expected.items())
    ]


def candle(time, seq, **more):
    return {
        "time": time,
        "open": 1,
        "high": 2,
        "low": 1,
        "close": 2,
        "volume": seq,
        "closed": False,
        "seq": seq,
    } | more


def test_history_and_stream_make_one_row_of_candles(run_js):
    """They join by time; what was overtaken changes nothing; time that goes back cuts what lay after it."""
    found = run_js(
        """(c, [live, more, old, history, back]) => { const series = new c.Series(60000); const seen = [];
        const look = () => seen.push(series.range(-3, 9).map((it) => [it.time / 60000, it.volume]));
        series.live(live); series.history(history); look();
        const taken = [series.live(more), series.live(old)]; look();
        series.lose(); series.history([{ ...live, volume: 77 }]); look();
        series.live(back); look();
        return [seen, taken, series.gaps]; }""",
        [
            candle(180_000, 30),
            candle(180_000, 31),
            candle(120_000, 20, closed=True),
            [candle(n * 60_000, 1, closed=True) for n in (1, 2, 3)],
            candle(60_000, 50),
        ],
        modules=["market/candles"],
    )
    seen, taken, gaps = found
    assert seen == [
        [[1, 1], [2, 1], [3, 30]],
        [[1, 1], [2, 20], [3, 31]],
        [[1, 1], [2, 20], [3, 77]],
        [[1, 50]],
    ]
    assert taken == [True, True]
    assert gaps == [60_000]


def test_venues_and_the_arbitrage_between_them(run_js):
    """In units that they have in common: best bid and ask, and the widest gain, as the server says."""
    draw = random.Random(7)
    listed = [
        Instrument(
            symbol=f"BTC-{n}",
            base="BTC",
            quote=quote,
            price_decimals=2 + n,
            tick=1,
            size_decimals=8,
            venue=f"v{n}",
        )
        for n, quote in enumerate(["USD", "USDT", "USD"])
    ]
    rounds = []
    for _ in range(300):
        quotes = []
        for n in range(3):
            bid = draw.randrange(9990, 10010) * 10**n + draw.randrange(10**n)
            quotes.append((bid, bid + draw.randrange(1, 15) * 10**n))
        rounds.append(quotes)
    known = [
        {
            "symbol": it.symbol,
            "venue": it.venue,
            "quote": it.quote,
            "base": "BTC",
            "contract": "spot",
            "assetClass": "crypto",
            "priceDecimals": it.price_decimals,
        }
        for it in listed
    ]
    found = run_js(
        """(v, known, rounds) => {
        const [pair] = v.pairs(known); const at = (s) => known.findIndex((it) => it.symbol === s);
        return [v.pairs(known), rounds.map((quotes) => {
          const ticker = (s) => ({ bid: quotes[at(s)][0], ask: quotes[at(s)][1], ts: 1 });
          const rows = v.rows(pair, ticker, (s) => known[at(s)]);
          const gain = v.arbitrage(rows);
          return [gain && [at(gain.buy.symbol), at(gain.sell.symbol), gain.bps],
            rows.map((it) => [it.bidBest, it.askBest, it.bidText])];
        })]; }""",
        known,
        rounds,
        modules=["market/venues"],
    )
    assert found[0] == [{"name": "BTC/USD", "base": "BTC", "symbols": ["BTC-0", "BTC-1", "BTC-2"]}]
    for quotes, (gain, rows) in zip(rounds, found[1], strict=True):
        venues = [
            (
                it,
                VenueQuote(instrument=n, bid=quotes[n][0], ask=quotes[n][1], obi=0.0, volume=0),
                FiveMinuteTrades(),
            )
            for n, it in enumerate(listed)
        ]
        expected = consolidate(venues, now=0)
        if expected.buy is None:
            assert gain is None
        else:
            assert gain == [expected.buy, expected.sell, pytest.approx(expected.max_arb_bps, abs=1.01e-4)]
        bids = [quotes[n][0] * 10 ** (2 - n) for n in range(3)]
        asks = [quotes[n][1] * 10 ** (2 - n) for n in range(3)]
        for n, (bid_best, ask_best, text) in enumerate(rows):
            assert (bid_best, ask_best) == (bids[n] == max(bids), asks[n] == min(asks))
            assert text == listed[n].price_text(quotes[n][0])


def test_ratios_are_those_of_the_server(run_js):
    """Basis points of the mean, to four digits."""
    draw = random.Random(8)
    cases = [(draw.randrange(1, 10**9), draw.randrange(1, 10**9)) for _ in range(500)]
    found = run_js("(n, cases) => cases.map(([a, b]) => n.ratioBps(a, b))", cases, modules=["common/numbers"])
    assert found == [pytest.approx(spread_bps(a, b), abs=1.01e-4) for a, b in cases]


def test_prices_off_the_grid_are_off_the_grid_for_both():
    """The oracle of these tests refuses what the page refuses."""
    with pytest.raises(OffGrid):
        BTC.price_ticks("10.01")
