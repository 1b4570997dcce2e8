"""Whatever a market is made of comes back as it was, and everything else is refused."""

from __future__ import annotations

import enum
import hashlib
import math
import random
from collections import deque
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import attrs
import msgspec
import pytest
from copies import copied
from hypothesis import given
from hypothesis import strategies as st

from feed.agents.state import check_plain
from feed.book.level import Level
from feed.book.price_levels import PriceLevels
from feed.checkpoint.object_graph import dump, load
from feed.errors import FeedError, MarketError
from feed.model.candles import Candle
from feed.model.events import Side, Status
from feed.model.instruments import Instrument
from feed.model.levels import LevelChange
from feed.model.market import Delay
from feed.sim.random_streams import delay_table, random_stream

PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec=None)), st.binary()
)
HASHABLE = st.recursive(PLAIN, lambda parts: st.tuples(parts, parts) | st.frozensets(st.integers()))
GRAPHS = st.recursive(
    PLAIN | st.sampled_from([Side.BUY, Status.HALTED]),
    lambda parts: (
        st.lists(parts)
        | st.tuples(parts, parts)
        | st.lists(parts).map(deque)
        | st.dictionaries(HASHABLE, parts)
        | st.sets(st.integers() | st.text())
    ),
    max_leaves=40,
)


def same(one, other):
    """Equal, of equal types, NaN and the order of dicts included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return math.copysign(1, one) == math.copysign(1, other) and repr(one) == repr(other)
    if isinstance(one, dict):
        return same([*one.items()], [*other.items()])
    if isinstance(one, list | tuple | deque):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


@given(GRAPHS)
def test_plain_values_and_containers_come_back_as_they_were(graph):
    """Types, order, signs of zeros, text that is no Unicode, integers of any size; and equal bytes again."""
    written = dump({"": graph})
    again = load(written)[""]
    assert same(again, graph)
    assert dump({"": again}) == written


def test_what_was_shared_is_shared_again():
    """Also what is in a circle, and what several roots share."""
    inner = [1]
    outer = {"a": inner, "b": (inner, inner), "c": deque([inner], maxlen=3)}
    inner.append(outer)
    again, within = copied(outer, inner)
    assert again["a"] is again["b"][0] is again["b"][1] is again["c"][0] is within
    assert within[1] is again
    assert again["c"].maxlen == 3


ROW = st.tuples(
    st.integers(), st.none() | st.tuples(st.text(), st.floats(allow_nan=False)), st.integers(0, 9)
)


@pytest.mark.parametrize("kind", [list, deque, tuple, set])
@given(
    st.one_of(
        st.lists(ROW),
        st.lists(st.tuples(st.integers(), st.tuples(st.integers(), st.text()))),
        st.lists(st.lists(st.integers(), max_size=3).map(tuple)),
        st.lists(st.tuples()),
        st.lists(st.integers()).map(lambda ids: [LevelChange(0, 1, number) for number in ids]),
        st.lists(st.sampled_from([(Side.BUY, 1), (Side.SELL, 2)])),
    )
)
def test_tuples_come_back_as_they_were(kind, rows):
    """Of one length or of several, within each other, with names: rows of events are kept by the thousand."""
    items = kind(rows)
    by_row = {row: at for at, row in enumerate(rows)}
    again, also = copied(items, by_row)
    assert same(again, items)
    assert [*map(type, again)] == [*map(type, items)]
    assert same(also, by_row)


def test_equal_values_that_were_apart_stay_apart():
    """A list that is changed is not another one."""
    one, other = copied([], [])
    one.append(1)
    assert other == []


@given(st.integers(), st.integers(0, 700))
def test_a_random_stream_goes_on(seed, drawn):
    """Behind a method, as participants have it."""
    stream = random_stream(seed, "x")
    for _ in range(drawn):
        stream(12)
    again = copied(stream)
    assert [again(40) for _ in range(20)] == [stream(40) for _ in range(20)]


def test_a_stream_of_two_participants_is_one_stream():
    """A draw of one is missing from the other's."""
    rng = random.Random(1)
    rng.gauss()  # there is a second one ready
    expected = random.Random(1)
    first, second = copied([rng.getrandbits, rng], rng)
    assert first[1] is first[0].__self__ is second
    assert [expected.gauss(), expected.gauss()][1] == second.gauss()


def test_tables_are_kept_by_name():
    """One of 4,096 numbers takes no room, and is the same object."""
    table = delay_table((Delay(weight=1, mean_ms=2.5),), 1.5)
    written = dump({"table": [table, table]})
    assert len(written) < 600
    assert load(written)["table"][0] is table


def test_instances_come_back_past_what_freezes_them():
    """With slots, with a dict, with both; one that lacks an attribute lacks it again."""
    instrument = Instrument(symbol="A-B", base="A", quote="B", price_decimals=2, size_decimals=3)
    level = PriceLevels(1)
    level.set(5, 7)
    bare = object.__new__(PriceLevels)
    bare.sign = 1
    again, levels, unset = copied(instrument, level, bare)
    assert again == instrument
    assert again is not instrument
    assert (levels.best(), levels.sign) == ((5, 7), -1)
    assert unset.sign == 1
    assert not hasattr(unset, "_sizes")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        again.symbol = "C"


def test_leaves_come_back():
    """Enumerations by name, classes and functions by theirs, tuples with names, decimals, paths."""
    candle = Candle(*range(len(Candle._fields)))
    graph = [Side.SELL, Level, check_plain, candle, Decimal("1.50"), Path("a/b"), PriceLevels(0).set]
    again = copied(graph)
    assert again[:-1] == graph[:-1]
    assert again[0] is Side.SELL
    assert type(again[3]) is Candle
    assert str(again[4]) == "1.50"
    assert again[-1].__self__.sign == 1


def test_a_chain_of_any_length_is_no_recursion():
    """Each object knows the next."""
    first = PriceLevels(Side.BUY)
    first.set(1, "last")
    for _ in range(3000):
        before = PriceLevels(Side.BUY)
        before.set(1, first)
        first = before
    again, length = copied(first), 0
    while again != "last":
        again, length = again.get(1), length + 1
    assert length == 3001


def test_the_format_is_what_it_was():
    """On every Python and machine: whoever changes it gives it another number."""
    graph = [1, -(1 << 70), 2.5, "text", b"bytes", None, (True, Side.BUY), {"a": {3, 1}}, deque([(1, 2)], 4)]
    written = dump({"graph": graph, "stream": random.Random(1)})
    assert hashlib.sha256(written).hexdigest()[:16] == "2b2a44068141a709"


class Ours:
    """Of no module of the package."""


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("odd", "name"),
    [
        (Ours(), "test_object_graph.Ours"),
        (Colour.RED, "test_object_graph.Colour"),
        (lambda: 1, "<lambda>"),
        (print, "builtin"),
        (iter([]), "list_iterator"),
        (object(), "builtins.object"),
        (Ours, "test_object_graph.Ours"),
        (ValueError("x"), "ValueError"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_place(odd, name):
    """The class, and where it is; nothing is left out in silence."""
    holder = PriceLevels(0)
    holder._sizes[1] = [odd]
    with pytest.raises(MarketError, match=name) as refused:
        dump({"levels": holder})
    assert "set of" in str(refused.value) or str(refused.value).endswith(
        "which is in PriceLevels._sizes[...]"
    )


def altered(change):
    """A document with something else in it."""
    document = msgspec.msgpack.decode(dump({"a": [PriceLevels(0), Side.BUY, random.Random(1)]}))
    change({group[0]: group for group in document["groups"]}, document)
    return msgspec.msgpack.encode(document)


@pytest.mark.parametrize(
    "change",
    [
        lambda groups, document: document.update(format=99),
        lambda groups, document: document.pop("groups"),
        lambda groups, document: groups["instance"].__setitem__(2, "feed.book.price_levels:Nothing"),
        lambda groups, document: groups["instance"].__setitem__(2, "os:system"),
        lambda groups, document: groups["instance"].__setitem__(2, "feed.cli.replay:click.Path"),
        lambda groups, document: groups["instance"].__setitem__(2, "feed.model.events:Side"),
        lambda groups, document: groups["instance"][3].__setitem__(0, "sing"),
        lambda groups, document: groups["instance"][4].pop(),
        lambda groups, document: groups["instance"].__setitem__(1, 2),
        lambda groups, document: groups["enum"].__setitem__(2, "feed.book.level:Level"),
        lambda groups, document: groups["enum"][3].__setitem__(0, "HOLD"),
        lambda groups, document: groups["random"][2].__setitem__(0, b"123"),
        lambda groups, document: groups["list"].__setitem__(0, "eval"),
        lambda groups, document: groups["list"][2].__setitem__(0, 2),
        lambda groups, document: document["roots"].__setitem__(1, [10**6]),
        lambda groups, document: document["roots"].__setitem__(0, "x"),
    ],
)
def test_a_document_that_is_not_understood_is_an_error(change):
    """Other classes than those that keep their attributes are never made, nothing is ever run."""
    with pytest.raises(FeedError, match="checkpoint"):
        load(altered(change))


@given(st.data())
def test_damaged_bytes_are_an_error_or_other_values(data):
    """Never anything else that is raised."""
    written = bytearray(dump({"a": [PriceLevels(0), Side.BUY, {1: (2, 3.0)}, "text"]}))
    for _ in range(data.draw(st.integers(1, 3))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    with suppress(FeedError):
        load(bytes(written[: data.draw(st.integers(1, len(written)))]))
