"""Which of many orders, trades or ledger entries a request asks for: times, ids, and a page of fifty."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from feed.dialects.kraken import errors
from feed.dialects.kraken.account.amounts import parts_of
from feed.dialects.kraken.account.operations import Sent
from feed.dialects.kraken.errors import KrakenError
from feed.dialects.parameters import Parameter
from feed.model.durations import NS_PER_SECOND

PAGE: Final = 50
MOST_NAMED: Final = 50
Item = TypeVar("Item")
Time = Callable[[str], int | None]
"""The market time, nanoseconds, of what goes by an id; None for no such id."""


def page(
    sent: Sent, items: Sequence[Item], when: Callable[[Item], int], of_id: Time
) -> tuple[list[Item], int]:
    """
    Those that are asked for, and how many there are on all pages.

    Args:
        sent: With ``start``, which is excluded, ``end``, and ``ofs``.
        items: All, the newest first.
        when: Market time of one, nanoseconds.
        of_id: For a start or an end that is an id.
    """
    start, end = (_time(sent, name, of_id) for name in ("start", "end"))
    found = [
        item for item in items if (start is None or when(item) > start) and (end is None or when(item) <= end)
    ]
    first = sent.text("ofs") or "0"
    if not (first.isascii() and first.isdigit() and len(first) < MOST_NAMED):
        raise errors.invalid("ofs")
    return found[int(first) : int(first) + PAGE], len(found)


def _time(sent: Sent, name: str, of_id: Time) -> int | None:
    text = sent.text(name)
    if text is None or text == "0":
        return None
    parts = parts_of(text)
    found = of_id(text) if parts is None else parts[0] * NS_PER_SECOND // 10 ** parts[1]
    if found is None:
        raise errors.invalid(name)
    return found


def named(sent: Sent, name: str) -> list[str]:
    """Ids that are joined by commas, or stand in a list; at least one must be there, and not too many."""
    listed = sent.items(name)
    found = [str(one) for one in listed] or [one.strip() for one in sent.needed(name).split(",")]
    if len(found) > MOST_NAMED:
        raise KrakenError(errors.INVALID_ARGUMENTS)
    return list(dict.fromkeys(found))


PARAMETERS: Final = (
    Parameter(
        name="start",
        meaning="Those after it: seconds since the Unix epoch in market time, or an id.",
        most=None,
        optional=True,
    ),
    Parameter(name="end", meaning="Those up to it, the same.", most=None, optional=True),
    Parameter(name="ofs", meaning="How many to leave out, for the next page.", most=None, optional=True),
    Parameter(
        name="without_count",
        meaning="Whether to leave out how many there are.",
        most=None,
        default="false",
        choices=("true", "false"),
    ),
)
