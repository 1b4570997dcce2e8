"""New scenario files, and new expectations in old ones."""

from feed.model.scenario import Counts, Expect
from feed.scenario.reader import parse_scenario
from feed.scenario.writer import new_scenario, with_expectation
from feed.sim.defaults import default_market

MARKETS = {"default": default_market}
EXPECT = Expect(events=7, digest="0f" * 32, faults=0, counts=Counts(add=4, trade=3))


def test_a_new_file_is_sound():
    """It shows both sides of the timeline, and reads without a complaint."""
    scenario = parse_scenario(new_scenario("mine"), MARKETS, name="mine.toml")
    assert scenario.name == "mine"
    assert scenario.actions
    assert scenario.faults


def test_an_expectation_is_added_at_the_end():
    """The rest of the file stays as it is, comments included."""
    text = new_scenario("mine")
    new = with_expectation(text, EXPECT)
    assert new.startswith(text)
    assert parse_scenario(new, MARKETS, name="mine.toml").expect == EXPECT


def test_an_old_expectation_is_replaced():
    """At any place; what follows it, comments included, is kept."""
    text = (
        'format = 1\n\n[expect]\nevents = 1\ndigest = "x"\n\n[expect.counts]\nadd = 1\n'
        "\n# the market\n[market]\ncount = 3\n"
    )
    new = with_expectation(text, EXPECT)
    assert new.startswith("format = 1\n\n# the market\n[market]\ncount = 3\n\n[expect]\nevents = 7\n")
    assert new.count("[expect]") == new.count("[expect.counts]") == 1


def test_writing_twice_changes_nothing():
    """So that a file changes only when its market does."""
    once = with_expectation(new_scenario("mine"), EXPECT)
    assert with_expectation(once, EXPECT) == once
