"""``feed replay`` tells what large orders got, and what they did not get."""

import re

import pytest

SCENARIO = """\
format = 1
name = "small"
seed = 3
start = 2024-03-06T14:30:00Z
duration = "3s"

[market]
count = 1

[[timeline]]
at = "1s"
do = "large-order"
side = "sell"
lots = 999999999999
bps = 10

[[timeline]]
at = "2s"
do = "large-order"
side = "buy"
lots = 6
slices = 3
pause = "600ms"

[[timeline]]
at = "2s"
do = "halt"

[[timeline]]
at = "2500ms"
do = "large-order"
side = "buy"
lots = 10
"""


@pytest.fixture
def small(tmp_path):
    """The path of a scenario file."""
    path = tmp_path / "small.toml"
    path.write_text(SCENARIO, encoding="utf-8")
    return str(path)


def test_one_line_for_each(run, small):
    """A limit, slices that a halt and the end cut off, and one that never began."""
    code, out, _ = run("replay", small)
    assert code == 0
    _, limited, sliced, never = out.splitlines()
    number = r"[0-9.]+"
    assert re.fullmatch(
        rf"small: large order to sell {number} EURUSD: {number} traded at {number} on average, "
        rf"from {number} to {number}, -0\.\d\d %; {number} not traded",
        limited,
    )
    assert re.search(r"EURUSD: .*; \S+ not traded; \d slices not sent$", sliced)
    assert re.search(r"EURUSD: did not begin; \S+ not traded; 1 slice not sent$", never)


def test_a_limit_that_is_none_is_refused(run, small, tmp_path):
    """A clear line names the field."""
    (tmp_path / "small.toml").write_text(SCENARIO.replace("bps = 10", "bps = 0"), encoding="utf-8")
    code, _, err = run("replay", small)
    assert code == 2
    assert "bps" in err
    assert err.count("\n") == 1
