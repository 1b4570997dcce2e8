"""One import while it runs: options, markets, the monotonic clock, and the report that comes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path

import attrs
import msgspec

from feed.errors import ConfigError
from feed.importers.files import Input
from feed.importers.numbers import Grid, Market, SymbolScan
from feed.importers.symbols import Symbol
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, STATUS, TRADE, UNKNOWN, Row
from feed.model.instruments import OffGrid
from feed.settings import Importing

Progress = Callable[[int, int], None]
KIND_NAMES = {
    ADD: "add",
    REDUCE: "reduce",
    TRADE: "trade",
    LEVEL: "level",
    QUOTE: "quote",
    STATUS: "status",
    CLEAR: "clear",
}


class Malformed(ValueError):
    """A line that is not what its format says; the message says what was expected."""


# What a parser may raise for a line that is not what it should be.
UNREADABLE = (Malformed, msgspec.MsgspecError, ValueError, LookupError, TypeError)


@attrs.frozen(kw_only=True)
class Options:
    """
    What an importer cannot know from the files.

    Attributes:
        lenient: Count and skip lines that make no sense, rather than stop at the first; leave out
            books that no snapshot makes known.
        strict: Any gap is an error.
        symbol: The instrument, for formats whose lines do not name it; else taken from the file name.
        grids: Tick and lot by canonical symbol, where the smallest decimals seen are not the truth.
        columns: FX quotes without a header: names of the columns, such as ``time,bid,ask``.
        date: LOBSTER: the day, ``YYYY-MM-DD``; else taken from the file name.
        utc_offset_hours: FX quotes: how far the file's clock is ahead of UTC; else by its layout.
    """

    lenient: bool = False
    strict: bool = False
    symbol: str = ""
    grids: Mapping[str, Grid] = attrs.field(factory=dict)
    columns: str = ""
    date: str = ""
    utc_offset_hours: float | None = None


@attrs.frozen
class Problem:
    """
    Something about the input that its reader should know.

    Attributes:
        where: ``file:line``.
        what: What was wrong; where a rule was broken, what it expected and what it found.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@attrs.frozen(kw_only=True)
class Report:
    """
    What an import did.

    Attributes:
        format: Name of the importer.
        bytes: Of all input files, as they lie on disk.
        messages: Lines or messages of the input, by kind.
        rows: Events written, by kind.
        checked: How often a rule of the source was checked and held, by rule.
        gaps: How often such a rule was broken.
        crossed: After how many messages a best bid was not below its best ask.
        clamped: Messages stamped earlier than one before them; they got that one's time.
        clamped_most: The furthest such step back, nanoseconds.
        skipped: Malformed lines that were left out (only when lenient).
        problems: The first of the gaps, crossed books and skipped lines, with their places.
        first, last: Time of the first and last event, nanoseconds since the Unix epoch.
        events: Events written.
        digest: SHA-256 over their canonical form.
        notes: What this input does not tell, for people.
    """

    format: str
    bytes: int
    messages: dict[str, int]
    rows: dict[str, int]
    checked: dict[str, int]
    gaps: int
    crossed: int
    clamped: int
    clamped_most: int
    skipped: int
    problems: tuple[Problem, ...]
    first: int
    last: int
    events: int
    digest: str
    notes: tuple[str, ...] = ()


class Run:
    """
    The state that all parts of one import share.

    Args:
        lines: How many lines of each file are read; None reads all.

    Attributes:
        paths: Input files, in the order given.
        options: What the user knows and the files do not say.
        bounds: Limits on memory.
        survey: Filled by the first pass.
        markets: Instruments by the source's name, from the survey.
        messages: Counts by kind, second pass.
        checked: Rules that held, second pass.
        kinds: Rows by kind.
        path, number: File and line at hand.
        now: Time of the last event, nanoseconds since the Unix epoch.
        gaps, crossed, clamped, clamped_most, skipped, problems: As in :class:`Report`.
        broken: The first of the gaps alone.
        notes: What this input does not tell, found by the first pass; for the recording's provenance.
    """

    def __init__(
        self,
        paths: list[Path],
        options: Options,
        *,
        bounds: Importing,
        advance: Callable[[int], None],
        lines: int | None = None,
    ) -> None:
        self.paths = paths
        self.options = options
        self.bounds = bounds
        self.survey = SymbolScan(bounds.numbers)
        self.markets: dict[str, Market] = {}
        self.messages: Counter[str] = Counter()
        self.checked: Counter[str] = Counter()
        self.kinds: Counter[int] = Counter()
        self.path = Path()
        self.number = 0
        self.gaps = self.crossed = self.clamped = self.clamped_most = self.skipped = 0
        self.problems: list[Problem] = []
        self.broken: list[Problem] = []
        self.notes: tuple[str, ...] = ()
        self.now = 0
        self._advance = advance
        self._surveying = True
        self._unknown: dict[int, None] = {}
        self._lines = lines

    def input(self, path: Path) -> Input:
        """Open one of the files for reading."""
        return Input(path, self.bounds, self._advance, self._lines)

    def begin(self, symbol: Callable[[str], Symbol]) -> None:
        """End the first pass: make the markets."""
        self.markets = self.survey.markets(symbol, self.options.grids)
        self._unknown = {
            market.index: None for name, market in self.markets.items() if name in self.survey.updates
        }
        self._surveying = False

    def clock(self, ts: int) -> int:
        """``ts``, or the time of the message before when ``ts`` is earlier than that."""
        if ts < self.now:
            self.clamped += 1
            self.clamped_most = max(self.clamped_most, self.now - ts)
        else:
            self.now = ts
        return self.now

    def gap(self, what: str) -> None:
        """A rule of the source was broken at the place at hand."""
        self.gaps += 1
        self._report(what)
        if len(self.broken) < self.bounds.problems:
            self.broken.append(Problem(self.where, what))

    def quoted(self, market: Market, ts: int) -> list[Row]:
        """The quote due after a message about a book, if any; a crossed book is counted."""
        rows = market.book.quote(ts)
        if rows:
            self.check_quote(market, rows[0])
        return rows

    def check_quote(self, market: Market, row: Row) -> None:
        """Count a quote whose bid is not below its ask."""
        _, _, _, bid, bid_size, ask, ask_size = row
        if bid >= ask and bid_size and ask_size:
            self.crossed += 1
            self._report(f"{market.instrument.symbol} is crossed: bid {bid}, ask {ask} ticks")

    def trade(self, market: Market, ts: int, aggressor: int, price: str, size: str) -> Row:
        """A trade of a source without orders. Ids count from 1 in each instrument, as everywhere."""
        ticks, lots = market.prices[price], market.sizes[size]
        market.trades += 1
        return (TRADE, market.index, ts, market.trades, aggressor, ticks, lots, 0, 0, UNKNOWN, UNKNOWN)

    def malformed(self, problem: Exception) -> None:
        """
        The line at hand makes no sense: skip it if the user said so.

        Raises:
            ConfigError: They did not, or a price or size is off the grid (which never is skipped:
                it is the grid that is wrong, and every such line would be lost).
        """
        if isinstance(problem, OffGrid):
            raise ConfigError(
                str(problem), where=self.where, hint="give the instrument's true tick and lot"
            ) from problem
        what = str(problem) if isinstance(problem, ValueError) else f"unexpected form: {problem!r}"
        if not self.options.lenient:
            raise ConfigError(what, where=self.where, hint="a lenient import skips such lines") from problem
        if not self._surveying:
            self.skipped += 1
            self._report(f"skipped: {what}")

    @property
    def where(self) -> str:
        """The place at hand as ``file:line``."""
        return f"{self.path}:{self.number}"

    def count_rows(self, rows: list[Row]) -> None:
        """Rows that are about to be written."""
        self.kinds.update(map(itemgetter(0), rows))
        if self._unknown:
            for row in rows:
                if row[0] == LEVEL:
                    self._unknown.pop(row[1], None)

    def unknown_books(self) -> list[str]:
        """Symbols of the books that had changes, and no snapshot to apply them to."""
        return [market.instrument.symbol for market in self.markets.values() if market.index in self._unknown]

    def _report(self, what: str) -> None:
        if len(self.problems) < self.bounds.problems:
            self.problems.append(Problem(self.where, what))


@attrs.frozen(kw_only=True)
class Importer:
    """
    One format of real data.

    Attributes:
        name: As the user types it.
        about: One line for a list of formats.
        symbol: From the source's name of an instrument to the canonical one.
        survey: First pass: show every price and size to ``run.survey``.
        rows: Second pass: the events, some at a time.
        notes: What the recording's reader must know, for its provenance.
        snapshots: What to do when the snapshots of its books are missing.
    """

    name: str
    about: str
    symbol: Callable[[str], Symbol]
    survey: Callable[[Run], None]
    rows: Callable[[Run], Iterator[list[Row]]]
    notes: tuple[str, ...] = ()
    snapshots: str = "take a capture that begins with the subscription"
