"""Equal seeds give equal bytes at equal positions, whatever has been asked before."""

import msgspec
from binance_market import SECOND, Exchange

from feed.dialects.binance.errors import BinanceError
from feed.dialects.binance.views import TimeUnit
from feed.model.market import MarketSpec
from feed.sim.defaults import default_market
from feed.sim.market import Market

START = 1_709_742_000 * SECOND
SYMBOLS = ("BTC-USD", "BTC-USDT", "BNB-USDT")
PARAMETERS = [
    (),
    (("symbol", "BTCUSDT"),),
    (("symbols", '["BNBUSDT","BTCUSDT"]'),),
    (("symbol", "BNBUSDT"), ("interval", "1s")),
]


def market(seed):
    """A simulated market of some of the venue's symbols, and of what they follow."""
    chosen = [one for one in default_market().instruments if one.instrument.symbol in SYMBOLS]
    simulated = Market(MarketSpec(instruments=tuple(chosen)), seed=seed, start=START)
    return simulated, Exchange(simulated.listing)


def answers(exchange):
    """Every question that can be asked with these parameters, and the bytes that answer it."""
    found = {}
    for question in exchange.questions():
        for sent in PARAMETERS:
            try:
                answer = question.ask(exchange.view(), sent, TimeUnit.MILLISECOND)
            except BinanceError as problem:
                answer = str(problem)
            found[question.path, sent] = msgspec.json.encode(answer)
    return found


def test_answers_are_a_function_of_seed_and_position():
    """In one step or in many, asked all the time or once."""
    (one, first), (other, second), (strange, third) = market(7), market(7), market(8)
    first.apply(*one.opening(), *one.advance(START + 20 * SECOND))
    second.apply(*other.opening())
    third.apply(*strange.opening(), *strange.advance(START + 20 * SECOND))
    for at in range(1, 21):
        second.apply(*other.advance(START + at * SECOND))
        answers(second)
    said = answers(first)
    assert said == answers(second)
    assert said[("/api/v3/depth", PARAMETERS[1])] != answers(third)[("/api/v3/depth", PARAMETERS[1])]
    good = [path for (path, _), answer in said.items() if answer.startswith((b"[", b"{"))]
    assert len(set(good)) == len(list(first.questions()))
