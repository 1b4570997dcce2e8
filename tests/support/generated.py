"""Settings made up from their own classes: whatever field is added is made up as well."""

import math

import attrs
from hypothesis import assume
from hypothesis import strategies as st

from feed.config.fields import SettingField, attributes_of, item_kind, kind_of, leaves
from feed.settings import ScenarioName, Settings
from feed.settings.cluster import UNIX, place_of_log

_TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
_NAME = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8)
_PATHS = _NAME.filter(lambda name: name not in {".", ".."}).map(lambda name: f"/there/{name}")


def bounded(validator):
    """Lowest and highest number, and the values to choose from, as validators say."""
    low, high, options = None, None, None
    for one in getattr(validator, "_validators", [validator]):
        inner = getattr(one, "validator", one)
        match getattr(inner, "compare_op", None):
            case ">=" | ">":
                low = inner.bound
            case "<=" | "<":
                high = inner.bound
        options = getattr(inner, "options", options)
    return low, high, options


def kinds(kind, validator=None):
    """Values of a type."""
    low, high, options = bounded(validator)
    if options is not None:
        return st.sampled_from(sorted(options))
    if getattr(validator, "validator", None) is place_of_log:
        return _PATHS.map(lambda path: f"{UNIX}{path}")
    if hasattr(validator, "pattern"):
        return st.from_regex(validator.pattern, fullmatch=True)
    item = item_kind(kind)
    if item is not None:
        return st.lists(kinds(item), max_size=3).map(tuple)
    if attrs.has(kind):
        fields = {one.name: kinds(kind_of(one), one.validator) for one in attributes_of(kind)}
        return st.builds(kind, **fields)
    plain = getattr(kind, "__origin__", kind)
    simple = {
        bool: st.booleans(),
        int: st.integers(None if low is None else math.ceil(low), 2**62 if high is None else high),
        float: st.floats(low, high, allow_nan=False, allow_infinity=False),
        str: st.sampled_from(["burst", "/there/market.toml"]) if kind == ScenarioName else _TEXT,
    }
    return simple[plain] if plain in simple else _PATHS.map(plain)


def values(leaf: SettingField):
    """Values of one setting that its validator lets through."""

    def sound(value):
        if leaf.attribute.validator is not None:
            try:
                leaf.attribute.validator(None, leaf.attribute, value)
            except (ValueError, TypeError):
                return False
        return True

    return kinds(leaf.kind, leaf.attribute.validator).filter(sound)


def others(leaf: SettingField, default):
    """Values that are not the default."""
    return values(leaf).filter(lambda value: value != default)


@st.composite
def changes(draw):
    """Values for some settings, by dotted name."""
    chosen = draw(st.lists(st.sampled_from(list(leaves(Settings))), unique_by=lambda leaf: leaf.name))
    assume(chosen)
    return {leaf.name: draw(values(leaf)) for leaf in chosen}
