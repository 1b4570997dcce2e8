"""What all importers share: their declaration, the user's options, and the state and report of one import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Final

import attrs
import msgspec

from feed.errors import ConfigError
from feed.importers.books import BidAsk, ImportedMarket
from feed.importers.files import FileSpan, InputFile
from feed.importers.numbers import Grid
from feed.importers.symbol_scan import SymbolScan
from feed.importers.symbols import Symbol
from feed.model.events import LEVEL, QUOTE, TRADE, UNKNOWN, Row
from feed.model.instruments import OffGrid
from feed.settings import Importing

Progress = Callable[[int, int], None]


class Malformed(ValueError):
    """A line that breaks the rules of its format; the message says what was expected."""


# What a parser may raise for a malformed line.
UNREADABLE = (Malformed, msgspec.MsgspecError, ValueError, LookupError, TypeError)


@attrs.frozen(kw_only=True)
class Options:
    """
    What the files do not say.

    Attributes:
        lenient: Skip and count malformed lines rather than stop at the first; leave out books that
            have no snapshot.
        strict: Any gap is an error.
        symbol: The instrument, for formats whose lines do not name it; else taken from the file name.
        grids: Tick and lot size by canonical symbol, where they are not one unit of the last decimal.
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
    A gap, a crossed book or a skipped line.

    Attributes:
        where: ``file:line``.
        what: What was wrong; for a gap, what was expected and what was found.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@attrs.frozen(kw_only=True)
class ImportReport:
    """
    The outcome of an import.

    Attributes:
        format: Name of the importer.
        bytes: Size of all input files on disk.
        messages: Lines or messages of the input, by kind.
        rows: Events written, by kind.
        checked: Passed checks, such as a checksum or a sequence number, by rule.
        gaps: Failed ones.
        crossed: Messages after which a best bid was not below its best ask.
        clamped: Messages with an earlier time than one before them; they get that one's time.
        clamped_most: The largest such difference, nanoseconds.
        skipped: Malformed lines that were left out (only when lenient).
        problems: The first gaps, crossed books and skipped lines, with their places; at most
            ``Importing.problems``.
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


class ImportRun:
    """
    The state of one import, through both passes.

    Args:
        paths: See below.
        options: See below.
        bounds: See below.
        advance: Called with each number of bytes read.
        lines: See below.

    Attributes:
        paths: Input files, in the order given.
        options: What the user knows and the files do not say.
        bounds: Limits on memory.
        scan: Result of the first pass.
        markets: Instruments by the source's name, made from the scan.
        messages: Counts by kind, second pass.
        checked: Passed checks by rule, second pass.
        kinds: Rows by kind.
        path, number: Current file and line.
        now: Time of the last event, nanoseconds since the Unix epoch.
        gaps, crossed, clamped, clamped_most, skipped, problems: As in :class:`ImportReport`.
        broken: The first gaps alone.
        notes: What this input lacks, found by the first pass; for the recording's provenance.
        lines: Bound on the lines, or records, read of each file; None reads all.
        scanning: Whether this is the first pass.
        spans: Times of the files, found by the first pass where there are several.
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
        self.scan = SymbolScan(bounds.numbers)
        self.spans: dict[Path, FileSpan] = {}
        self.markets: dict[str, ImportedMarket] = {}
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
        self.scanning = True
        self._unknown: dict[int, None] = {}
        self.lines = lines

    def input(self, path: Path) -> InputFile:
        """Open one of the files for reading."""
        return InputFile(path, self.bounds, self._advance, self.lines)

    def begin(self, symbol: Callable[[str], Symbol]) -> None:
        """End the first pass and begin the second: make the markets from the scan."""
        self.markets = self.scan.markets(symbol, self.options.grids)
        self._unknown = {
            market.index: None for name, market in self.markets.items() if name in self.scan.updates
        }
        self.scanning = False

    def monotonic(self, ts: int) -> int:
        """
        Clamp a time so that event times never go back.

        Returns:
            ``ts``, or the time of the last event where that is later. Nanoseconds since the Unix epoch.
        """
        if ts < self.now:
            self.clamped += 1
            self.clamped_most = max(self.clamped_most, self.now - ts)
        else:
            self.now = ts
        return self.now

    def gap(self, what: str) -> None:
        """Report a failed check, such as a missing sequence number, at the current line."""
        self.gaps += 1
        self._report(what)
        if len(self.broken) < self.bounds.problems:
            self.broken.append(Problem(self.where, what))

    def quoted(self, market: ImportedMarket, ts: int) -> list[Row]:
        """The quote of a book after a message, if it changed; a crossed one is counted and reported."""
        quote = market.book.changed_quote()
        return [] if quote is None else [self.quote(market, ts, quote)]

    def quote(self, market: ImportedMarket, ts: int, quote: BidAsk) -> Row:
        """A ``QUOTE`` row; a bid that is not below the ask is counted and reported."""
        bid, bid_size, ask, ask_size = quote
        if bid >= ask and bid_size and ask_size:
            self.crossed += 1
            self._report(f"{market.instrument.symbol} is crossed: bid {bid}, ask {ask} ticks")
        return (QUOTE, market.index, ts, *quote)

    def trade(self, market: ImportedMarket, ts: int, aggressor: int, price: str, size: str) -> Row:
        """The row of a trade without order ids. Trade ids count from 1 for each instrument."""
        return self.trade_of(market, ts, aggressor, market.prices[price], market.sizes[size])

    def trade_of(self, market: ImportedMarket, ts: int, aggressor: int, ticks: int, lots: int) -> Row:
        """As :meth:`trade`, from integer ticks and lots."""
        market.trades += 1
        return (TRADE, market.index, ts, market.trades, aggressor, ticks, lots, 0, 0, UNKNOWN, UNKNOWN)

    def malformed(self, problem: Exception) -> None:
        """
        Skip the current line if the import is lenient.

        Raises:
            ConfigError: It is not, or a price or size is no multiple of the given tick or lot. Such
                lines are never skipped: the grid is wrong, and all of them would be lost.
        """
        if isinstance(problem, OffGrid):
            raise ConfigError(
                str(problem), where=self.where, hint="give the instrument's true tick and lot"
            ) from problem
        what = str(problem) if isinstance(problem, ValueError) else f"unexpected form: {problem!r}"
        if not self.options.lenient:
            raise ConfigError(what, where=self.where, hint="a lenient import skips such lines") from problem
        if not self.scanning:
            self.skipped += 1
            self._report(f"skipped: {what}")

    @property
    def where(self) -> str:
        """The current place as ``file:line``."""
        return f"{self.path}:{self.number}"

    def count_rows(self, rows: list[Row]) -> None:
        """Count rows that are about to be written, and note which books they make known."""
        self.kinds.update(map(itemgetter(0), rows))
        if self._unknown:
            for row in rows:
                if row[0] == LEVEL:
                    self._unknown.pop(row[1], None)

    def unknown_books(self) -> list[str]:
        """Symbols of the books that had incremental updates but no snapshot to apply them to."""
        return [market.instrument.symbol for market in self.markets.values() if market.index in self._unknown]

    def _report(self, what: str) -> None:
        if len(self.problems) < self.bounds.problems:
            self.problems.append(Problem(self.where, what))


SNAPSHOTS: Final = "take a capture that begins with the subscription"


@attrs.frozen(kw_only=True)
class Importer:
    """
    One input format.

    Attributes:
        name: As the user types it.
        about: One line for a list of formats.
        symbol: From the source's name of an instrument to the canonical one.
        scan: First pass: adds every price and size to ``run.scan``.
        rows: Second pass: the events, in batches.
        notes: What a user of the recording must know, for its provenance.
        snapshots: Advice to the user when book snapshots are missing.
    """

    name: str
    about: str
    symbol: Callable[[str], Symbol]
    scan: Callable[[ImportRun], None]
    rows: Callable[[ImportRun], Iterator[list[Row]]]
    notes: tuple[str, ...] = ()
    snapshots: str = SNAPSHOTS
