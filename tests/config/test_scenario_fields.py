"""The format of scenario files is documented from the classes that they become."""

import attrs
import pytest

from feed.config.scenario_fields import sections
from feed.model.faults import FAULTS
from feed.model.timeline import ACTIONS, verb
from feed.scenario.problems import keys_of
from feed.scenario.schema import VERBS, ScenarioDocument

SECTIONS = {section.name: section for section in sections()}


@pytest.mark.parametrize("kind", [*ACTIONS, *FAULTS], ids=verb)
def test_every_action_and_fault_is_there_with_every_field(kind):
    """Each with what it may be and what it does; what is inherited too."""
    section = SECTIONS[verb(kind)]
    assert section.heading == f'[[timeline]] do = "{verb(kind)}"'
    assert [row.name for row in section.rows] == keys_of(kind)
    assert len(section.meaning.split(". ", 1)[1]) > 10


def test_every_table_of_the_file_is_there():
    """And every field of each means something."""
    assert {"file", "market", "market.instruments", "market.makers", "aim", "truth", "expect"} <= set(
        SECTIONS
    )
    assert set(VERBS) <= set(SECTIONS)
    assert [row.name for row in SECTIONS["file"].rows] == [
        field.name for field in attrs.fields(ScenarioDocument)
    ]
    assert {"symbol", "price_decimals", "updates_per_second"} <= {
        row.name for row in SECTIONS["market.instruments"].rows
    }
    for section in SECTIONS.values():
        for row in section.rows:
            assert row.meaning, (section.name, row.name)
            assert row.allowed, (section.name, row.name)
            assert row.default, (section.name, row.name)


def test_a_field_is_described_in_the_form_of_a_file():
    """Spans with their unit, sides by their names, bounds and defaults as the classes have them."""
    order = {row.name: row for row in SECTIONS["large-order"].rows}
    assert order["side"].allowed == "buy or sell"
    assert (order["lots"].allowed, order["lots"].default) == ("a whole number, >= 1", "needed")
    pause = order["pause"]
    assert (pause.allowed, pause.default) == ('a span of time, such as "90s", > 0', "1s")
    assert pause.meaning == "Between two slices."
    latency = {row.name: row for row in SECTIONS["market.agents"].rows}["data_latency"]
    assert latency.allowed == 'a span of time, such as "90s", >= 1 and <= 10s'
