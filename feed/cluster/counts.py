"""
What the servers of a market have counted of each key, and what each is told of the others.

What is told is how high a count stands, never by how much it has grown: it can be told twice, or be passed
over, and is right again with the next one. A count of 0 is forgotten.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from feed.cluster.messages import Count
from feed.model.elsewhere import ADDRESS, HIGHEST, TOGETHER, Own

Key: TypeAlias = tuple[str, str, int]
"""Counter, who, and in which window: see :class:`feed.model.elsewhere.Elsewhere`."""
Counts: TypeAlias = dict[Key, int]


def listed(counts: Mapping[Key, int]) -> list[Count]:
    """As a message has them."""
    return [(*key, count) for key, count in counts.items()]


def read(told: Iterable[Count]) -> Counts:
    """From a message that has all of them."""
    return {(counter, who, window): count for counter, who, window, count in told if count}


def changes(before: Mapping[Key, int], now: Mapping[Key, int]) -> Iterator[Count]:
    """What has to be told to who knows ``before``."""
    for key, count in now.items():
        if before.get(key, 0) != count:
            yield (*key, count)
    for key in before.keys() - now.keys():
        yield (*key, 0)


def change(counts: Counts, told: Iterable[Count]) -> None:
    """Take over what was told."""
    for counter, who, window, count in told:
        if count:
            counts[counter, who, window] = count
        else:
            counts.pop((counter, who, window), None)


def combined(servers: Iterable[Mapping[Key, int]]) -> Counts:
    """What these servers have counted together."""
    found: Counts = {}
    for counts in servers:
        for key, count in counts.items():
            found[key] = _together(key, found.get(key, 0), count)
    return found


def _together(key: Key, one: int, other: int) -> int:
    return max(one, other) if key[2] == HIGHEST else one + other


class OwnCounts:
    """What this server has counted itself, of keys and accounts: these are as many as were given out."""

    def __init__(self) -> None:
        self._counters: dict[str, Callable[[], Iterator[Own]]] = {}

    def share(self, counter: str, counted: Callable[[], Iterator[Own]]) -> None:
        """See :class:`feed.model.elsewhere.Elsewhere`."""
        self._counters[counter] = counted

    def now(self) -> Counts:
        """All of it."""
        return {
            (counter, who, window): count
            for counter, counted in self._counters.items()
            for who, window, count in counted()
            if count and who != TOGETHER and not who.startswith(ADDRESS)
        }


class EdgeCounts(OwnCounts):
    """
    Of an edge, as :class:`feed.model.elsewhere.Elsewhere`.

    Args:
        others: Gives what the others have counted together.
    """

    def __init__(self, others: Callable[[], Mapping[Key, int]]) -> None:
        super().__init__()
        self._others = others

    def count(self, counter: str, who: str, window: int) -> int:
        """See :class:`feed.model.elsewhere.Elsewhere`."""
        return self._others().get((counter, who, window), 0)


class SharedCounts(OwnCounts):
    """Of the server that the others tell, and which tells each what it does not know."""

    def __init__(self) -> None:
        super().__init__()
        self._servers: Final[dict[Hashable, Counts]] = {None: {}}  # None is this one
        self._untold: Final[dict[Hashable, set[Key]]] = {}

    def count(self, counter: str, who: str, window: int) -> int:
        """See :class:`feed.model.elsewhere.Elsewhere`."""
        return self._elsewhere(None, (counter, who, window))

    def leave(self, server: Hashable) -> None:
        """A server is gone, and its counts with it; it knows nothing when it comes again."""
        self._note(server, self._servers.pop(server, {}))
        self._untold.pop(server, None)

    def take(self, server: Hashable, told: Iterable[Count]) -> None:
        """Take over what a server tells: what has changed since it came, or told before."""
        told = list(told)
        change(self._servers.setdefault(server, {}), told)
        self._note(server, [(counter, who, window) for counter, who, window, _ in told])

    def look(self) -> None:
        """Take over what this server has counted itself."""
        self.take(None, changes(self._servers[None], self.now()))

    def untold(self, server: Hashable) -> list[Count]:
        """What has changed for a server since it was asked for; all there is the first time."""
        keys = self._untold.get(server)
        if keys is None:
            keys = {key for other, counts in self._servers.items() if other != server for key in counts}
        self._untold[server] = set()
        return [(*key, self._elsewhere(server, key)) for key in sorted(keys)]

    def _note(self, server: Hashable, keys: Collection[Key]) -> None:
        for other, untold in self._untold.items():
            if other != server:
                untold.update(keys)

    def _elsewhere(self, server: Hashable, key: Key) -> int:
        found = 0
        for other, counts in self._servers.items():
            if other != server:
                found = _together(key, found, counts.get(key, 0))
        return found
