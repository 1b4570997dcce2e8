"""The line of each key in a TOML file."""

import pytest

from feed.scenario.toml import KeyLines

TEXT = '''\
format = 1
about = """
seed = 5
[market]
"""
seed = 2

[market]
count = 3
makers.count = 2

[[timeline]]
at = "1s"
aim = { key = "desk" }

[[timeline]]
at = "2s"

[[timeline.inner]]
x = 1

[[timeline.inner]]
x = 2
[ "expect" . counts ]
trade = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("format",), 1),
        (("about",), 2),
        (("seed",), 6),
        (("market",), 8),
        (("market", "count"), 9),
        (("market", "makers", "count"), 10),
        (("timeline", 0), 12),
        (("timeline", 0, "at"), 13),
        (("timeline", 1, "at"), 17),
        (("timeline", 1, "inner", 0, "x"), 20),
        (("timeline", 1, "inner", 1, "x"), 23),
        (("expect", "counts", "trade"), 25),
    ],
)
def test_a_key_has_its_line(path, line):
    """Of tables, of tables in lists, of dotted and quoted keys; never one inside a long text."""
    assert KeyLines(TEXT).find(path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("timeline", 0, "aim", "key"), 14), (("timeline", 0, "fraction"), 12), (("nothing",), None)],
)
def test_what_has_no_line_has_that_of_the_table_around_it(path, line):
    """A missing key is reported at the line of its table."""
    assert KeyLines(TEXT).find(path) == line
