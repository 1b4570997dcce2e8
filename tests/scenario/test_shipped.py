"""Finding the file of a scenario by name."""

from pathlib import Path

import pytest

from feed.errors import ConfigError
from feed.scenario.shipped import find_scenario, scenarios_in, shipped


def test_at_least_nine_are_shipped():
    """Those that the documentation names, in an installed package as in a checkout."""
    names = {path.stem for path in scenarios_in(shipped())}
    assert names >= {
        "calm-day",
        "flash-crash",
        "news-spike",
        "halt-and-reopen",
        "thin-overnight",
        "burst",
        "disconnect-storm",
        "mute-feed",
        "lossy-link",
    }


def test_a_name_finds_a_shipped_one():
    """From any folder."""
    assert find_scenario("burst") == shipped() / "burst.toml"


@pytest.mark.parametrize("path", ["my.toml", "sub/my", "./burst"])
def test_a_path_is_a_path(path):
    """With a suffix or a folder in it; whether it exists is found out by reading it."""
    assert find_scenario(path) == Path(path)


def test_a_file_comes_before_a_name(tmp_path, monkeypatch):
    """A file called like a shipped scenario is that file."""
    monkeypatch.chdir(tmp_path)
    Path("burst").touch()
    assert find_scenario("burst") == Path("burst")


def test_an_unknown_name_is_answered_with_the_nearest():
    """The operator sees what was meant."""
    with pytest.raises(ConfigError, match=r"^brust: no such file.*; did you mean burst\?$"):
        find_scenario("brust")
