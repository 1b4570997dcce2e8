"""
What other servers of the same market have counted, so that a limit on a key holds at all of them together.

A server stores what it has counted itself, tells it the others now and then, and compares the sum with the
limit. Names that begin with :data:`ADDRESS`, and the name of those that are counted together, stay its own:
as many strangers as like may ask, and none of them shall cost the other servers anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol, TypeAlias

NO_WINDOW: Final = 0
"""The window of what is counted until it ends, such as connections."""
HIGHEST: Final = -1
"""The window of what is no count: the highest that anybody says holds, such as the end of a ban."""
ADDRESS: Final = "address "
"""What the names of those begin with who are counted by their address."""
TOGETHER: Final = ""
"""The name of those that are counted together."""

Own: TypeAlias = tuple[str, int, int]
"""Who, in which window, and how many."""


class Elsewhere(Protocol):
    """The other servers."""

    def share(self, counter: str, counted: Callable[[], Iterator[Own]]) -> None:
        """
        Let others know of a counter.

        Args:
            counter: Its name, the same at every server.
            counted: Gives what this server has counted.
        """
        ...

    def count(self, counter: str, who: str, window: int) -> int:
        """
        What the others have counted, as far as they have said.

        Args:
            counter: Its name.
            who: Of whom.
            window: Number of the window since the Unix epoch; else :data:`NO_WINDOW` or :data:`HIGHEST`.
        """
        ...


class _Nowhere:
    """There are no others."""

    def share(self, counter: str, counted: Callable[[], Iterator[Own]]) -> None:
        del counter, counted

    def count(self, counter: str, who: str, window: int) -> int:
        del counter, who, window
        return 0


NOWHERE: Final[Elsewhere] = _Nowhere()
"""For a server by itself."""
