"""The scenarios that come with the package, and how a scenario is found by name."""

from __future__ import annotations

from pathlib import Path

import feed
from feed.errors import ConfigError
from feed.scenario.problems import did_you_mean

SUFFIX = ".toml"


def shipped() -> Path:
    """The folder of the shipped scenarios: inside an installed package, beside it in a checkout."""
    package = Path(feed.__file__).parent
    installed = package / "scenarios"
    return installed if installed.is_dir() else package.parent / "scenarios"


def scenarios_in(folder: Path) -> list[Path]:
    """The scenario files of a folder, by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def find_scenario(name: str) -> Path:
    """
    A scenario file by its path, or a shipped one by its name.

    Raises:
        ConfigError: Neither exists.
    """
    path = Path(name)
    if path.exists() or path.suffix or "/" in name:
        return path
    found = find_shipped(name)
    if found is None:
        known = [found.stem for found in scenarios_in(shipped())]
        raise ConfigError(
            "no such file, and no scenario of that name", where=name, hint=did_you_mean(name, known)
        )
    return found


def find_shipped(name: str) -> Path | None:
    """The file of a shipped scenario by its name; None when there is none."""
    return next((found for found in scenarios_in(shipped()) if found.stem == name), None)
