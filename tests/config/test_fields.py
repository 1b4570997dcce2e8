"""Every setting is known by itself, with its meaning and its bounds."""

import inspect

import attrs
import pytest
from attrs.validators import and_, deep_iterable, ge, in_, le, optional

from feed import policies, settings
from feed.config.fields import (
    SettingField,
    allowed,
    bounds,
    item_kind,
    kind_of,
    leaves,
    value_of,
    with_values,
)
from feed.settings import Settings

LEAVES = list(leaves())


def test_every_class_of_settings_is_part_of_the_whole():
    """A group missing from Settings could not be set by an operator."""
    grouped = {leaf.owner for leaf in LEAVES} | {Settings, policies.Policies}
    grouped |= {item for leaf in LEAVES if attrs.has(item := item_kind(leaf.kind))}
    for module in (settings, policies):
        for _, kind in inspect.getmembers(module, attrs.has):
            assert kind in grouped


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_every_setting_has_a_meaning_and_a_kind(leaf):
    """The docstring of its class says what it does; its type is one that a file can say."""
    assert leaf.meaning
    assert leaf.allowed


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.name)
def test_what_is_not_set_is_none_by_default(leaf):
    """A file has no word for None: leaving the setting out must mean it."""
    if kind_of(leaf.attribute) != leaf.attribute.type:
        assert value_of(Settings(), leaf.name) is None


def test_names_are_dotted_and_unique():
    """A setting is called alike in files, in errors and by options."""
    names = [leaf.name for leaf in LEAVES]
    assert len(set(names)) == len(names)
    assert {"port", "limits.ping_seconds", "policies.marketai.free.symbols"} <= set(names)


def test_values_are_changed_deep_down():
    """And nothing else is."""
    changed = with_values(Settings(), {"port": 1, "policies.rails.connections": 2, "web.rows": 3})
    assert value_of(changed, "policies.rails.connections") == 2
    assert with_values(changed, {"port": 8080, "policies.rails.connections": 5, "web.rows": 20}) == Settings()


@pytest.mark.parametrize(
    ("validator", "said"),
    [
        (None, []),
        (ge(0), [">= 0"]),
        (and_(ge(0), le(5)), [">= 0", "<= 5"]),
        (optional(ge(1)), [">= 1"]),
        (in_(("a", "b")), ["one of a, b"]),
        (deep_iterable(ge(2)), [">= 2"]),
    ],
)
def test_bounds_are_read_off_validators(validator, said):
    """They are defined once, in the validators."""
    assert list(bounds(validator)) == said


@attrs.frozen
class Odd:
    """
    A group as somebody might write it.

    Attributes:
        odd: What no file can say.
        hidden_bytes: Not for everybody.
    """

    odd: complex = 1j
    hidden_bytes: int = attrs.field(default=0, repr=False, validator=ge(0))


def test_a_type_that_no_file_can_say_is_found_at_once():
    """A setting of an unknown type fails in the tests, not at an operator."""
    odd, hidden = leaves(Odd)
    with pytest.raises(TypeError, match="cannot be of the type"):
        allowed(odd.attribute)
    assert isinstance(hidden, SettingField)
    assert (hidden.hides(0), hidden.allowed) == (True, "a whole number of bytes, >= 0")
