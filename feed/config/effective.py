"""The settings in force, and where each of them is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs

from feed.config.fields import with_values
from feed.config.reader import FileSettings
from feed.settings import Settings

DEFAULT: Final = "default"


@attrs.frozen
class Effective:
    """
    Settings, put together from several places.

    Attributes:
        settings: The whole.
        origins: By dotted name, for whatever is no default: ``--port``, ``FEED_PORT`` or ``feed.toml:3``.
    """

    settings: Settings
    origins: Mapping[str, str] = attrs.field(factory=dict)

    def origin(self, name: str) -> str:
        """Where a setting is from."""
        return self.origins.get(name, DEFAULT)


def effective(file: FileSettings | None, given: Mapping[str, tuple[str, Any]]) -> Effective:
    """
    What a file says, and before it what options and environment say.

    Args:
        file: None when there is none.
        given: By dotted name: the option or the variable, and its value.
    """
    values = dict(file.values) if file else {}
    origins = dict(file.places) if file else {}
    for name, (origin, value) in given.items():
        values[name], origins[name] = value, origin
    return Effective(with_values(Settings(), values), origins)
