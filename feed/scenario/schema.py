"""
The schema of scenario files, version 1: how TOML becomes classes of :mod:`feed.model`.

::

    format = 1
    name = "flash-crash"
    about = "What it is for. What a good client does."
    seed = 7
    start = 2024-03-06T14:30:00Z     # with its zone
    duration = "2m"                  # h, m, s, ms, us, ns

    [market]
    base = "default"                 # the market that this one is derived from
    count = 4                        # its first instruments ...

    [[market.instruments]]           # ... or these; keys that are left out are as in the base
    symbol = "BTC-USD"
    updates_per_second = 20

    [market.makers]                  # and regimes, news, takers, impact, deep, forced, arbitrage,
                                     # signals, sessions
    count = 2

    [[market.agents]]                # participants of your own, see feed/agents/AGENTS.md
    participant = "my_package:MyAgent"
    parameters = { size = 100 }

    [[timeline]]
    at = "30s"
    do = "shock"                     # a class of feed.model.timeline or feed.model.faults
    instruments = ["BTC-USD"]
    fraction = -0.05

    [[timeline]]
    at = "45s"                       # a fault may have seq = 12345 instead
    do = "drop"
    fraction = 0.02
    duration = "20s"
    aim = { dialect = "tradyn", fraction = 0.5 }

    [[truth]]                        # a ground-truth label: a signal of feed.model.signals, where and when
    signal = "price_level_break"
    instruments = ["BTC-USD"]
    at = "30s"
    until = "35s"

    [expect]                         # written by feed replay FILE --update
    events = 123456
    digest = "..."
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, get_args, get_origin

import attrs
import cattrs
from attrs.validators import ge, gt
from cattrs.gen import make_dict_structure_fn

from feed.model.agents import PARTICIPANT, Parameters, Participant
from feed.model.events import Side
from feed.model.faults import FAULTS, Fault
from feed.model.ground_truth import GroundTruth
from feed.model.instruments import Instrument, Listing
from feed.model.market import InstrumentSpec, MarketSpec
from feed.model.scenario import Expect
from feed.model.signals import SignalType
from feed.model.symbols import symbols
from feed.model.timeline import ACTIONS, Action, Nanoseconds, verb
from feed.scenario.problems import (
    InvalidValue,
    did_you_mean,
    finite_number,
    found,
    structure_items,
    zoned_time,
)
from feed.scenario.times import EXAMPLES, parse_duration

VERSION: Final = 1
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
NAMES: Final = "small letters, digits and hyphens, at most 64"

Moment = Annotated[int, "moment"]
Name = Annotated[str, "name"]
Format = Annotated[int, "format"]
Markets = Mapping[str, Callable[[int | None], MarketSpec]]
"""Base markets by name; each is called with a number of instruments, or None for its own."""


@attrs.frozen(kw_only=True)
class ScenarioDocument:
    """
    A scenario file, field by field.

    Attributes:
        format: Version of the file format.
        name: Name of the scenario.
        about: What it is for, and what a good client does.
        seed: Of the random numbers of the market, and of the choice of clients that a fault affects.
        start: Market time at which the market opens.
        duration: From opening to end.
        market: Instruments and participants.
        timeline: Actions in the market and faults of connections.
        truth: Labels of what signals should detect.
        expect: Events and digest of a whole run.
    """

    format: Format
    name: Name
    about: str = ""
    seed: int = attrs.field(default=1, validator=ge(0))
    start: Moment = attrs.field(validator=ge(0))
    duration: Nanoseconds = attrs.field(validator=gt(0))
    market: MarketSpec
    timeline: tuple[Action | Fault, ...] = ()
    truth: tuple[GroundTruth, ...] = ()
    expect: Expect | None = None


_NEW: Final = {"base", "quote", "price"}
"""Keys without a default: an instrument that is none of the base has them all."""

VERBS: Final[dict[str, type[Any]]] = {verb(kind): kind for kind in (*ACTIONS, *FAULTS)}


def with_base(document: dict[str, Any], markets: Markets) -> dict[str, Any]:
    """
    A document with its market complete: keys that it leaves out are filled in from its base.

    Raises:
        InvalidValue: The base is unknown, ``count`` is no number of instruments, or a symbol is nearly one of
            the base.
    """
    table = document.get("market", {})
    if not isinstance(table, dict):
        return document
    table = dict(table)
    name, count = table.pop("base", "default"), table.pop("count", None)
    if name not in markets:
        raise InvalidValue(found(name), did_you_mean(name, markets), ("market", "base"))
    if count is not None and not (type(count) is int and 1 <= count <= 10_000):
        raise InvalidValue(found(count), "allowed: a whole number from 1 to 10000", ("market", "count"))
    if count is not None and "instruments" in table:
        raise InvalidValue("given besides instruments", "allowed: one of them", ("market", "count"))
    market = markets[name](count)
    base = as_tables(market)
    listed = {item["symbol"]: item for item in base["instruments"]}
    chosen = table.get("instruments", list(listed.values()))
    if isinstance(chosen, list):
        _check_symbols(chosen, market.listing())
        chosen = [
            listed.get(str(item.get("symbol")), {}) | item if isinstance(item, dict) else item
            for item in chosen
        ]
    for key, value in table.items():
        inner = base.get(key)
        base[key] = inner | value if isinstance(inner, dict) and isinstance(value, dict) else value
    return document | {"market": base | {"instruments": chosen}}


def as_tables(market: MarketSpec) -> dict[str, Any]:
    """A market as the tables of a file, with each instrument and its parameters in one."""
    tables: dict[str, Any] = _TO_DICTS.unstructure(market)
    return tables


def _check_symbols(chosen: list[Any], listing: Listing) -> None:
    """Refuse a misspelt instrument of the base; a new one says at least one of :data:`_NEW` itself."""
    for at, item in enumerate(chosen):
        symbol = item.get("symbol") if isinstance(item, dict) else None
        if isinstance(symbol, str) and symbol not in listing and not item.keys() & _NEW:
            known = symbols(listing)
            index = known.index(symbol)
            near = known.near(symbol, 1) if index is None else [listing[index].symbol]
            if near:
                hint = f"did you mean {near[0]}?"
                raise InvalidValue(found(symbol), hint, ("market", "instruments", at, "symbol"))


# --- values ----------------------------------------------------------------------------------------


def _typed(kind: type[Any], allowed: str) -> Callable[[Any, Any], Any]:
    def structure(value: Any, _: Any) -> Any:
        if type(value) is not kind:  # a bool is an int, and an int is no text
            raise InvalidValue(found(value), f"allowed: {allowed}")
        return value

    return structure


def _number(value: Any, _: Any) -> float:
    number = finite_number(value)
    if number is None:
        raise InvalidValue(found(value), "allowed: a number")
    return number


def _nanoseconds(value: Any, _: Any) -> int:
    try:
        return parse_duration(value)
    except (TypeError, ValueError):
        raise InvalidValue(found(value), f"allowed: {EXAMPLES}") from None


def _moment(value: Any, _: Any) -> int:
    moment = zoned_time(value)
    if moment is None:
        raise InvalidValue(found(value), "allowed: a time with its zone, such as 2024-03-06T14:30:00Z")
    return moment


def _name(value: Any, _: Any) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise InvalidValue(found(value), f"allowed: {NAMES}")
    return value


def _participant(value: Any, _: Any) -> str:
    if not isinstance(value, str) or not PARTICIPANT.fullmatch(value):
        raise InvalidValue(found(value), "allowed: a module and a class in it, such as my_package:MyAgent")
    return value


def _parameters(value: Any, _: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue(found(value), "allowed: a table")
    return value


def _format(value: Any, _: Any) -> int:
    if value != VERSION:
        raise InvalidValue(found(value), f"allowed: {VERSION}; another release of feed may read it")
    return VERSION


def _side(value: Any, _: Any) -> Side:
    names = {side.name.lower(): side for side in Side}
    if value not in names:
        raise InvalidValue(found(value), f"allowed: {', '.join(names)}")
    return names[value]


def _signal(value: Any, _: Any) -> SignalType:
    names = {kind.label: kind for kind in SignalType}
    if value not in names:
        raise InvalidValue(found(value), did_you_mean(value, names))
    return names[value]


def _is_tuple(kind: Any) -> bool:
    return get_origin(kind) is tuple


def _several(kind: Any) -> Callable[[Any, Any], tuple[Any, ...]]:
    item = get_args(kind)[0]

    def structure(value: Any, _: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidValue(found(value), "allowed: a list, in square brackets")
        return structure_items(value, lambda one: CONVERTER.structure(one, item), kind)

    return structure


def _table(kind: type[Any]) -> Callable[[Any, Any], Any]:
    structure = make_dict_structure_fn(kind, CONVERTER, _cattrs_forbid_extra_keys=True)

    def checked(value: Any, _: Any) -> Any:
        if not isinstance(value, dict):
            raise InvalidValue(found(value), "allowed: a table")
        return structure(value, kind)

    return checked


def _entry(value: Any, _: Any) -> Action | Fault:
    if not isinstance(value, dict):
        raise InvalidValue(found(value), "allowed: a table")
    fields = dict(value)
    word = fields.pop("do", None)
    if word is None:
        raise InvalidValue("is missing", f"allowed: {', '.join(VERBS)}", ("do",))
    if word not in VERBS:
        raise InvalidValue(found(word), did_you_mean(word, VERBS), ("do",))
    entry: Action | Fault = CONVERTER.structure(fields, VERBS[word])
    return entry


_NAMES_AND_UNITS: Final = [field.name for field in attrs.fields(Instrument)]


def _instrument(value: Any, _: Any) -> InstrumentSpec:
    """An instrument and its parameters, which are one table in a file."""
    if not isinstance(value, dict):
        raise InvalidValue(found(value), "allowed: a table")
    if "instrument" in value:
        raise InvalidValue("unknown key", did_you_mean("", [*_NAMES_AND_UNITS]), ("instrument",))
    inner = {key: value[key] for key in _NAMES_AND_UNITS if key in value}
    rest = {key: value[key] for key in value if key not in inner}
    item: InstrumentSpec = _flat(rest | {"instrument": inner}, InstrumentSpec)
    return item


CONVERTER: Final = cattrs.Converter()
CONVERTER.register_structure_hook(str, _typed(str, "text, in quotes"))
CONVERTER.register_structure_hook(int, _typed(int, "a whole number"))
CONVERTER.register_structure_hook(bool, _typed(bool, "true or false"))
CONVERTER.register_structure_hook(float, _number)
CONVERTER.register_structure_hook(Side, _side)
CONVERTER.register_structure_hook(SignalType, _signal)
CONVERTER.register_structure_hook_factory(attrs.has, _table)
CONVERTER.register_structure_hook_factory(_is_tuple, _several)
CONVERTER.register_structure_hook_func(lambda kind: kind == Action | Fault, _entry)
CONVERTER.register_structure_hook_func(lambda kind: kind == Nanoseconds, _nanoseconds)
CONVERTER.register_structure_hook_func(lambda kind: kind == Moment, _moment)
CONVERTER.register_structure_hook_func(lambda kind: kind == Name, _name)
CONVERTER.register_structure_hook_func(lambda kind: kind == Format, _format)
CONVERTER.register_structure_hook_func(lambda kind: kind == Parameters, _parameters)
CONVERTER.register_structure_hook_func(lambda kind: kind == Participant, _participant)
_flat: Final = _table(InstrumentSpec)
CONVERTER.register_structure_hook(InstrumentSpec, _instrument)

_TO_DICTS: Final = cattrs.Converter()
_TO_DICTS.register_unstructure_hook(
    InstrumentSpec,
    lambda item: (
        {key: value for key, value in attrs.asdict(item).items() if key != "instrument"}
        | attrs.asdict(item.instrument)
    ),
)
# Back to the structure of a file.
_TO_DICTS.register_unstructure_hook_factory(
    _is_tuple, lambda _: lambda value: [_TO_DICTS.unstructure(one) for one in value]
)
