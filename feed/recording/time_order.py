"""Merges sources that are in order of time into one order of time, each opened when its turn comes."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def by_time(
    sources: Iterable[tuple[int, Callable[[], Iterator[Item]]]], time: Callable[[Item], int]
) -> Iterator[Item]:
    """
    All items of all sources, by their times.

    Of items of equal time those of the earlier source come first, each source's in its own order. An item
    that is earlier than the one before it in its source comes right after that one. A source is opened when
    the first of its items is due, so that of files that follow each other one is open at a time.

    Args:
        sources: Of each the time of its first item, and what iterates over its items.
        time: The time of an item.
    """
    waiting = deque(sorted((first, order, items) for order, (first, items) in enumerate(sources)))
    due: list[tuple[int, int, Item, Iterator[Item]]] = []
    while waiting or due:
        # At an equal time an earlier source goes first, also one that is not open yet.
        while waiting and (not due or waiting[0][:2] < due[0][:2]):
            first, order, open_source = waiting.popleft()
            items = open_source()
            for item in items:
                heapq.heappush(due, (max(first, time(item)), order, item, items))
                break
        if not due:
            continue
        now, order, item, items = due[0]
        yield item
        for following in items:
            heapq.heapreplace(due, (max(now, time(following)), order, following, items))
            break
        else:
            heapq.heappop(due)
