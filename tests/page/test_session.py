"""The page's session: what messages mean over all the connections of a page, without a socket."""

import json

import pytest

pytestmark = pytest.mark.e2e

PLAY = """(session, groups, steps) => {
  const it = new session.Session({ page: '0123abcd', random: () => 0.5 });
  const wanted = (all) => new Map(Object.entries(all));
  it.want(wanted(groups), 0);
  return steps.map(([name, ...given]) => {
    if (name === 'want') it.want(wanted(given[0]), given[1]);
    const said = name === 'want' ? null : it[name](...given);
    const sent = it.outgoing.map((text) => JSON.parse(text));
    it.outgoing = [];
    return { said, sent, counts: { ...it.counts }, seq: it.seq, ts: it.ts };
  });
}"""

BOOK = {"channels": ["book_BTC-USD"]}
TRADES = {"channels": ["trades_BTC-USD", "candles_1m_BTC-USD"]}
SIGNALS = {"channels": ["signals_BTC-USD"], "premium": True}
TICKERS = {"channels": ["ticker_BTC-USD", "ticker_EUR/USD@kraken"], "resumes": False}


@pytest.fixture
def play(run_js):
    """Lets a session live through steps: the name of a method and its arguments. Gives what came of each."""

    def run(groups, *steps):
        texts = [
            [json.dumps(one) if isinstance(one, dict) and n else one for n, one in enumerate(s)]
            for s in steps
        ]
        texts = [s if s[0] != "want" else list(steps[n]) for n, s in enumerate(texts)]
        return run_js(PLAY, groups, texts, modules=["connection/session"])

    return run


def pos(seq):
    return f"{seq}-{seq:08x}"


def data(kind, channel, seq, *, ts=None, **more):
    fields = {"type": kind, "channel": channel, "symbol": "BTC-USD", "ts": seq if ts is None else ts}
    return fields | {"seq": seq, "pos": pos(seq)} | more


def trade(seq, **more):
    number = {"id": str(seq), "price": "1.00", "size": "1.00", "side": "buy"}
    return data("trade", "trades_btcusd", seq, **number | more)


def book(seq, **more):
    snapshot = {"action": "snapshot", "part": 1, "parts": 1, "bids": [], "asks": [], "checksum": 0}
    return data("book", "book_btcusd", seq, **snapshot | more)


def candle(seq):
    prices = dict.fromkeys(("open", "high", "low", "close", "volume"), "1.00")
    return data("candle", "candles_1m_btcusd", seq, **prices, trades=1, open_time=0, closed=False)


def subscribed(seq, *channels):
    return {"type": "subscribed", "channels": list(channels), "pos": pos(seq)}


def subscribe(*channels, **since):
    return {"type": "subscribe", "channels": list(channels)} | since


def received(*messages, now=1):
    return [["receive", one, now] for one in messages]


def states(step):
    return [one for one in step["said"] if one["kind"] == "state"]


def test_each_group_is_asked_for_in_one_message(play):
    """On a connection; without a key nothing that needs one; never a key in the URL."""
    first, url = play({"book": BOOK, "trades": TRADES, "signals": SIGNALS}, ["connected", 0], ["url"])
    assert first["sent"] == [subscribe(*BOOK["channels"]), subscribe(*TRADES["channels"])]
    assert url["said"] == "/guide?ext=seq&conflate=250&observer=1&page=0123abcd"


def test_what_needs_a_key_waits_for_the_servers_word(play):
    """The key is shown first; a bad one is not shown again, and the rest goes on."""
    keyed, opened, admitted = play(
        {"signals": SIGNALS},
        ["setKey", "good"],
        ["connected", 0],
        *received({"type": "authenticated", "pos": pos(1)}),
    )
    assert keyed["sent"] == []
    assert opened["sent"] == [{"type": "auth", "key": "good"}]
    assert admitted["sent"] == [subscribe("signals_BTC-USD")]
    *_, refused, _, again = play(
        {"book": BOOK, "signals": SIGNALS},
        ["setKey", "bad"],
        ["connected", 0],
        *received({"type": "error", "message": "Invalid API key"}),
        ["closed", 1001, "", 100],
        ["connected", 200],
    )
    assert states(refused) == [{"kind": "state", "state": "keyRefused", "text": "Invalid API key"}]
    assert again["sent"] == [subscribe("book_BTC-USD")]


def test_it_goes_on_where_it_was(play):
    """After the position before the last: of the last one more may have been on its way."""
    *_, closed, opened = play(
        {"book": BOOK, "trades": TRADES},
        ["connected", 0],
        *received(subscribed(5, "book_btcusd"), book(5), subscribed(5, "trades_btcusd", "candles_1m_btcusd")),
        *received(candle(4), trade(7), trade(9), book(8, action="delta"), {"type": "pong", "pos": pos(12)}),
        ["closed", 1001, "away", 1000],
        ["connected", 2000],
    )
    assert closed["said"] == 375
    assert opened["sent"] == [
        subscribe("book_BTC-USD", since=pos(8)),
        subscribe(*TRADES["channels"], since=pos(9)),
    ]


def test_a_book_in_parts_or_too_old_begins_anew(play):
    """A snapshot costs less than ten seconds of changes, and half of one is nothing to go on from."""
    begin = [["connected", 0], *received(subscribed(5, "book_btcusd"))]
    half = play(
        {"book": BOOK}, *begin, *received(book(5, parts=2)), ["closed", 1001, "", 9], ["connected", 99]
    )
    assert half[-1]["sent"] == [subscribe("book_BTC-USD")]
    whole = [*begin, *received(book(5), book(6, action="delta")), ["closed", 1001, "", 9]]
    assert play({"book": BOOK}, *whole, ["connected", 9_999])[-1]["sent"] == [
        subscribe("book_BTC-USD", since=pos(5))
    ]
    assert play({"book": BOOK}, *whole, ["connected", 10_010])[-1]["sent"] == [subscribe("book_BTC-USD")]


def test_a_resume_is_confirmed_by_the_position(play):
    """The same position is a resume; any other begins with the present, and what was is lost."""
    begin = [
        ["connected", 0],
        *received(subscribed(5, "trades_btcusd", "candles_1m_btcusd"), candle(5), trade(7), trade(9)),
        ["closed", 1001, "", 5],
        ["connected", 6],
    ]
    *_, last = play(
        {"trades": TRADES}, *begin, *received(subscribed(7, "trades_btcusd", "candles_1m_btcusd"))
    )
    assert states(last) == [{"kind": "state", "state": "resumed", "group": "trades", "after": 7}]
    assert last["counts"]["resumed"] == 1
    *_, last = play(
        {"trades": TRADES}, *begin, *received(subscribed(20, "trades_btcusd", "candles_1m_btcusd"))
    )
    assert [(it["state"], it["after"]) for it in states(last)] == [("lost", 9)]


@pytest.mark.parametrize("reason", ["is of another history", "is too old: the oldest event", "is ahead"])
def test_a_refused_resume_begins_with_the_present(play, reason):
    """Nothing of before is kept of that group, and it is asked for without a position; other groups go on."""
    *_, refused, begun, old, _, opened = play(
        {"book": BOOK, "trades": TRADES},
        ["connected", 0],
        *received(
            subscribed(50, "book_btcusd"), book(50), subscribed(50, "trades_btcusd", "candles_1m_btcusd")
        ),
        *received(candle(50), trade(51), trade(52)),
        ["closed", 1012, "restart", 5],
        ["connected", 6],
        *received({"type": "error", "message": f"since={pos(51)} {reason}"}),
        *received(subscribed(3, "trades_btcusd", "candles_1m_btcusd"), trade(4)),
        ["closed", 1001, "", 7],
        ["connected", 8],
    )
    assert [(it["state"], it["group"], it["after"]) for it in states(refused)] == [("lost", "trades", 52)]
    assert refused["sent"] == [subscribe(*TRADES["channels"])]
    assert states(begun) == [{"kind": "state", "state": "begun", "group": "trades"}]
    assert old["seq"] == (52 if "too old" in reason else 4)
    assert [it["kind"] for it in old["said"]] == ["trade"]  # a lower number, and market time, than before
    assert opened["sent"] == [
        subscribe("book_BTC-USD", since=pos(50)),
        subscribe(*TRADES["channels"], since=pos(3)),
    ]


@pytest.mark.parametrize("first", [trade(51), subscribed(51, "trades_btcusd", "candles_1m_btcusd")])
def test_what_cannot_go_on_is_lost(play, first):
    """
    A new connection that begins with the present may be to another market: nothing of before is kept.

    So it is also where no trade was told: those of before the subscription were asked for.
    """
    *_, opened, begun, other = play(
        {"trades": TRADES, "book": BOOK},
        ["connected", 0],
        *received(first),
        ["closed", 1001, "", 5],
        ["connected", 6],
        *received(subscribed(3, "trades_btcusd", "candles_1m_btcusd"), subscribed(3, "book_btcusd")),
    )
    assert opened["sent"] == [subscribe(*TRADES["channels"]), subscribe("book_BTC-USD")]
    assert [(it["state"], it.get("after")) for it in states(begun)] == [("lost", 51), ("begun", None)]
    assert [it["state"] for it in states(other)] == ["begun"]  # nothing of it had come


def test_garbage_is_counted_and_nothing_of_it_applied(play):
    """No JSON, no object, an unknown type, a field that does not fit: each is told with its beginning."""
    bad = ["#garbage" * 20, "[]", "null", '"x"', "{}", '{"type":"noise"}', '{"type":"constructor"}']
    bad += [json.dumps(one) for one in (trade(7, price=7), trade(7, ts="7"), trade(-1), trade(7, id=None))]
    bad += [
        json.dumps(one)
        for one in (
            book(7, bids=[["1"]]),
            book(7, part=2),
            book(7, checksum="1"),
            data("signal", "signals_btcusd", 7, id="1"),
        )
    ]
    _, *found, last = play({"trades": TRADES}, ["connected", 0], *received(*bad), *received(trade(8)))
    for text, step in zip(bad, found, strict=True):
        assert step["said"] == [{"kind": "state", "state": "unreadable", "text": text[:80]}]
        assert step["sent"] == [{"type": "ping"}]
    assert last["counts"]["unreadable"] == len(bad)
    assert last["said"] == [{"kind": "trade", "message": trade(8)}]


def test_market_time_that_goes_back_is_told(play):
    """A later event of an earlier time: not one that was overtaken."""
    *_, overtaken, back, same = play(
        {"trades": TRADES},
        ["connected", 0],
        *received(trade(7, ts=700), trade(8, ts=800), trade(7, ts=700), trade(9, ts=300), trade(10, ts=300)),
    )
    assert [it["kind"] for it in overtaken["said"]] == ["trade"]
    assert back["said"][0] == {"kind": "state", "state": "back", "ts": 300, "seq": 9}
    assert (back["seq"], back["ts"]) == (9, 300)
    assert [it["kind"] for it in same["said"]] == ["trade"]


def test_a_mute_connection_is_given_up(play):
    """Asked after five seconds, given up five later; anything that comes is a sign of life."""
    found = play({}, ["connected", 0], *[["due", now] for now in (4000, 5000, 6000)], ["stale", 6000])
    assert [step["sent"] for step in found[1:4]] == [[], [{"type": "ping"}], []]
    assert not found[-1]["said"]
    *_, stale, alive, over = play(
        {}, ["connected", 0], ["due", 5000], ["stale", 7100], ["due", 10_000], ["due", 10_001]
    )
    assert (stale["said"], alive["said"], over["said"]) == (True, "", "nothing came")
    *_, alive = play({}, ["connected", 0], ["due", 5000], *received(trade(1), now=9000), ["due", 10_001])
    assert alive["said"] == ""
    *_, asked = play(
        {}, ["connected", 0], ["due", 5000], *received({"type": "pong"}, now=5010), ["due", 10_010]
    )
    assert asked["sent"] == [{"type": "ping"}]


def test_a_page_that_was_asleep_asks_first(play):
    """An answer may have come meanwhile that nobody could hear."""
    *_, woken, over = play({}, ["connected", 0], ["due", 5000], ["due", 90_000], ["due", 95_001])
    assert (woken["said"], woken["sent"]) == ("", [{"type": "ping"}])
    assert over["said"] == "nothing came"


def test_waits_grow_and_end(play):
    """Twice as long each time, 15 s at most; short again after one that stood; 5 s where asked to."""
    *failed, _, stood = play(
        {}, *[["closed", 1006, "", 1]] * 7, ["connected", 0], ["closed", 1001, "", 10_000]
    )
    assert [step["said"] for step in failed[:7]] == [375, 750, 1500, 3000, 6000, 11250, 11250]
    assert stood["said"] == 375
    for code in (1008, 1013):
        assert play({}, ["closed", code, "", 1])[0]["said"] == 5000


def test_a_key_that_ended_a_connection_is_not_shown_again(play):
    """Close 1008: it would be refused for ever."""
    *_, opened = play(
        {"book": BOOK},
        ["setKey", "k"],
        ["connected", 0],
        ["closed", 1008, "Token expired", 9],
        ["connected", 10],
    )
    assert opened["sent"] == [subscribe("book_BTC-USD")]


def test_another_wish_is_said_as_a_difference(play):
    """What is left out is unsubscribed, what is new subscribed, what stays is not touched."""
    other = {"tickers": TICKERS | {"channels": ["ticker_BTC-USD", "ticker_ETH-USD"]}, "book": BOOK}
    _, changed, gone, again = play(
        {"tickers": TICKERS, "trades": TRADES},
        ["connected", 0],
        ["want", other, 1],
        ["want", {"book": {"channels": ["book_ETH-USD"]}}, 2],
        ["want", {"book": {"channels": ["book_ETH-USD"]}}, 3],
    )
    assert changed["sent"] == [
        {"type": "unsubscribe", "channels": ["ticker_EUR/USD@kraken", *TRADES["channels"]]},
        subscribe("ticker_ETH-USD"),
        subscribe("book_BTC-USD"),
    ]
    assert gone["sent"] == [
        {"type": "unsubscribe", "channels": ["ticker_BTC-USD", "ticker_ETH-USD", "book_BTC-USD"]},
        subscribe("book_ETH-USD"),
    ]
    assert again["sent"] == []


def test_another_instrument_does_not_go_on_where_the_first_was(play):
    """What is shown now has a place of its own in the stream."""
    eth = {"book": {"channels": ["book_ETH-USD"]}}
    *_, opened = play(
        {"book": BOOK},
        ["connected", 0],
        *received(subscribed(5, "book_btcusd"), book(5), book(6, action="delta")),
        ["want", eth, 1],
        ["closed", 1001, "", 2],
        ["connected", 3],
    )
    assert opened["sent"] == [subscribe("book_ETH-USD")]


def test_a_book_is_asked_for_anew(play):
    """Away and back again; and again where its snapshot was lost on the way."""
    _, _, _, renewed, early, late = play(
        {"book": BOOK},
        ["connected", 0],
        *received(subscribed(5, "book_btcusd"), book(5)),
        ["renew", "book", 100],
        ["due", 4000],
        ["due", 5101],
    )
    anew = [{"type": "unsubscribe", "channels": ["book_BTC-USD"]}, subscribe("book_BTC-USD")]
    assert renewed["sent"] == anew
    assert early["sent"] == []
    assert late["sent"] == [{"type": "ping"}, *anew]


def test_names_of_answers_find_their_group(play):
    """Answers name channels in lower case without separators."""
    *_, last = play(
        {"tickers": TICKERS, "book": {"channels": ["book_EUR/USD@kraken"]}},
        ["connected", 0],
        *received(subscribed(1, "book_eurusd@kraken")),
    )
    assert states(last) == [{"kind": "state", "state": "begun", "group": "book"}]


def test_liquidations_are_each_taken_once(run_js):
    """By the stream and by request; of equal ones as many as there were."""
    one = {
        "exchange": "binance",
        "symbol": "BTC/USDT",
        "side": "sell",
        "price": "1.0",
        "quantity": "2",
        "timestamp": 5,
    }
    later = one | {"timestamp": 9}
    found = run_js(
        """(f, one, later) => { const all = new f.ForcedTrades(); all.add(one); all.add(later);
        const first = all.merge([later, one, one]); const second = all.merge([later, one, one]);
        return [first, second, all.rows.map((it) => [it.id, it.ts])]; }""",
        one,
        later,
        modules=["market/forced_trades"],
    )
    assert found == [1, 0, [[2, 9], [3, 5], [1, 5]]]
