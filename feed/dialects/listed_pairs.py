"""
What an exchange lists: pairs of assets that are traded for each other, found by name and by instrument.

A market whose instruments are at the exchange's own venue lists these there. One that has none, such as a
recording of another venue, lists all that it has in spot, each pair of assets once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, Protocol, TypeVar

from feed.model.instruments import Contract, Instrument, Listing


class ListedPair(Protocol):
    """A pair of assets as an exchange names it."""

    @property
    def index(self) -> int:
        """Of the instrument in the market's listing."""

    @property
    def instrument(self) -> Instrument:
        """What is traded."""


PairT = TypeVar("PairT", bound=ListedPair)


class ListedPairs(Generic[PairT]):
    """
    The pairs of one market, in the order of its listing.

    Attributes:
        venues: Where they are traded: one venue, unless the market has none of the exchange's own.
    """

    def __init__(
        self,
        listing: Listing,
        *,
        venue: str,
        pair: Callable[[int, Instrument], PairT],
        names: Callable[[PairT], Sequence[str]],
    ) -> None:
        """
        List a market.

        Args:
            listing: All its instruments.
            venue: The exchange's own.
            pair: Names an instrument, given its place in the listing and itself.
            names: All by which a pair is found; two with the same first one are the same pair.
        """
        spot = [(at, item) for at, item in enumerate(listing) if item.contract is Contract.SPOT]
        here = [(at, item) for at, item in spot if item.venue == venue]
        once: dict[str, PairT] = {}
        self._by_name: Final[dict[str, PairT]] = {}
        for index, instrument in here or spot:
            one = pair(index, instrument)
            first, *others = names(one)
            if once.setdefault(first, one) is one:
                for name in (first, *others):
                    self._by_name.setdefault(name, one)
        self._all: Final = tuple(once.values())
        self._by_index: Final = {one.index: one for one in self._all}
        self.venues: Final = tuple(dict.fromkeys(one.instrument.venue for one in self._all))

    def __iter__(self) -> Iterator[PairT]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def named(self, name: str) -> PairT | None:
        """The pair of a name; None when there is none."""
        return self._by_name.get(name)

    def at(self, index: int) -> PairT | None:
        """The pair of an instrument of the listing; None when it is not traded here."""
        return self._by_index.get(index)
