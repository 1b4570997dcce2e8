"""The paths that the HTTP application serves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_PART: Final = re.compile(r"\\{\w+\\}")  # of a path that was escaped for a pattern


class Paths:
    """
    Knows whether a path is served.

    Args:
        paths: As endpoints declare them: ``/time``, ``/products/{product}/book``.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        listed = tuple(paths)
        self._plain: Final = frozenset(path for path in listed if "{" not in path)
        self._patterns: Final = [
            re.compile(_PART.sub("[^/]+", re.escape(path))) for path in listed if "{" in path
        ]

    def __contains__(self, path: object) -> bool:
        if not isinstance(path, str):
            return False
        return path in self._plain or any(pattern.fullmatch(path) for pattern in self._patterns)
