"""
Several recordings as one: instruments united, rows by time.

Of rows of equal time those of the recording that was given first come first. Where an instrument's book
passes from one recording to the next, it is cleared in between, unless the next one does so itself; trades of
an instrument that several recordings have are numbered anew; of its quotes those are used that come with its
book. Ids of orders that two recordings have in common are moved apart. What concerns clients' accounts is
left out, since accounts of two markets are not one; of several clocks one is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Final

import attrs

from feed.errors import ConfigError
from feed.model.events import ADD, CLEAR, LEVEL, QUOTE, REDUCE, TRADE, UNKNOWN, Row
from feed.model.kinds import CLOCK, KIND_NAMES, PRIVATE
from feed.recording.format import Header, Provenance
from feed.recording.merge_plan import BOOK, FEATURES, ORDER_IDS, Plan, Source, Survey, plan
from feed.recording.reader import RecordedBlocks
from feed.recording.time_order import by_time
from feed.recording.writer import RecordingWriter
from feed.settings import Recording

MERGED: Final = "merged"
"""The source of a recording that was merged of several sources."""

# Places of prices and of sizes in rows.
_PRICES: Final = {ADD: (5,), REDUCE: (5,), TRADE: (5,), LEVEL: (4,), QUOTE: (3, 5)}
_SIZES: Final = {ADD: (6, 7), REDUCE: (6, 7), TRADE: (6, 9, 10), LEVEL: (5,), QUOTE: (4, 6)}
_BATCH: Final = 4096


@attrs.frozen(kw_only=True)
class MergeReport:
    """
    The outcome of a merge.

    Attributes:
        instruments: Those of each recording: its symbol there and in the merged one.
        rows: Events written, by kind.
        left_out: Events that were left out, by reason.
        cleared: How often a book was cleared because it passed from one recording to the next.
        events: Events written.
        first, last: Time of the first and last event, nanoseconds since the Unix epoch.
        digest: SHA-256 over their canonical form.
    """

    instruments: tuple[tuple[tuple[str, str], ...], ...]
    rows: dict[str, int]
    left_out: dict[str, int]
    cleared: int
    events: int
    first: int
    last: int
    digest: str


def merge(
    recordings: Sequence[tuple[str, RecordedBlocks]],
    out: BinaryIO,
    *,
    venues: Sequence[str] = (),
    tool: str = "",
    settings: Recording | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> MergeReport:
    """
    Merge recordings into one.

    Args:
        recordings: Name and content of each, in the order in which events of equal time are told.
        out: A writable binary file; it is not closed. After an error it holds an incomplete recording.
        venues: Of each where its instruments are traded; empty where that follows from the recording.
        tool: Name and version of the program, for the recording's provenance.
        settings: How the recording is cut into blocks.
        progress: Called with what is done and what there is to do in all; each recording is read twice.
    Raises:
        ConfigError: One of them is damaged, has no events, or two cannot be united.
        RecordingError: Writing to ``out`` failed.
    """
    show = progress or _silent
    surveys: list[Survey] = []
    for name, blocks in recordings:
        surveys.append(_survey(name, blocks))
        show(len(surveys), 2 * len(recordings))
    agreed = plan(surveys, venues)
    total = sum(survey.events for survey in surveys)
    tape = _Tape(agreed, surveys)
    writer = RecordingWriter(out, _header(agreed, surveys, tool), settings)
    kinds: Counter[int] = Counter()
    batch: list[Row] = []
    last = 0
    for row in tape.rows([blocks for _, blocks in recordings]):
        kinds[row[0]] += 1
        batch.append(row)
        if len(batch) >= _BATCH:
            writer.append(batch)
            batch = []
            show(total + writer.events, 2 * total)
        last = row[2]
    writer.append(batch)
    writer.close()
    return MergeReport(
        instruments=tuple(
            tuple(
                (item.symbol, agreed.instruments[source.index].symbol)
                for item, source in zip(survey.header.instruments, sources, strict=True)
            )
            for survey, sources in zip(surveys, agreed.sources, strict=True)
        ),
        rows={KIND_NAMES[kind]: count for kind, count in sorted(kinds.items())},
        left_out={what: count for what, count in tape.left_out.items() if count},
        cleared=tape.cleared,
        events=writer.events,
        first=min(survey.first for survey in surveys),
        last=last,
        digest=writer.hexdigest(),
    )


def _silent(_: int, __: int) -> None:
    pass


def _survey(name: str, blocks: RecordedBlocks) -> Survey:
    survey = Survey(name, blocks.header)
    for rows in blocks():
        survey.take(rows)
    if blocks.corruption is not None:
        raise ConfigError(f"damaged in {blocks.corruption}", where=name, hint="make it anew")
    if not survey.events:
        raise ConfigError("it has no events", where=name)
    return survey


def _header(agreed: Plan, surveys: Sequence[Survey], tool: str) -> Header:
    sources = dict.fromkeys(survey.header.provenance.source for survey in surveys)
    notes = dict.fromkeys(
        f"{survey.name}: {note}" for survey in surveys for note in survey.header.provenance.notes
    )
    return Header(
        instruments=agreed.instruments,
        provenance=Provenance(
            source=next(iter(sources)) if len(sources) == 1 else MERGED,
            tool=tool,
            files=tuple(survey.name for survey in surveys),
            notes=tuple(notes),
        ),
        start=min(survey.first for survey in surveys),
    )


class _Tape:
    """The rows of all recordings in one order."""

    def __init__(self, agreed: Plan, surveys: Sequence[Survey]) -> None:
        self.left_out: Counter[str] = Counter()
        self.cleared = 0
        self._plan = agreed
        self._surveys = surveys
        self._clock = 0
        # Of shared instruments: the number of trades so far, and the recording whose book is told.
        self._trades: Counter[int] = Counter()
        self._books: dict[int, int] = {}

    def rows(self, blocks: Sequence[RecordedBlocks]) -> Iterator[Row]:
        sources = [
            (survey.first, _Reader(self._plan, number, one))
            for number, (survey, one) in enumerate(zip(self._surveys, blocks, strict=True))
        ]
        for number, row in by_time(sources, _time):
            if self._is_told(number, row):
                index = row[1]
                if index in self._plan.shared:
                    yield from self._shared(number, row)
                else:
                    yield row

    def _is_told(self, number: int, row: Row) -> bool:
        kind, index, ts = row[:3]
        if kind in PRIVATE:
            self.left_out["of clients' accounts"] += 1
            return False
        if kind == CLOCK:
            told = ts > self._clock
            self._clock = max(self._clock, ts)
            self.left_out["of further clocks"] += not told
            return told
        if kind == QUOTE and index in self._plan.muted[number]:
            self.left_out["quotes beside a book"] += 1
            return False
        return True

    def _shared(self, number: int, row: Row) -> Iterator[Row]:
        kind, index, ts = row[:3]
        if FEATURES.get(kind) == BOOK:
            before = self._books.get(index, number)
            self._books[index] = number
            if before != number and kind != CLEAR:
                self.cleared += 1
                yield CLEAR, index, ts
        if kind == TRADE:
            self._trades[index] += 1
            row = (*row[:3], self._trades[index], *row[4:])
        yield row


def _time(item: tuple[int, Row]) -> int:
    return item[1][2]


class _Reader:
    """Opens a recording, and gives its rows in the united units, at times that never go back."""

    def __init__(self, agreed: Plan, number: int, blocks: RecordedBlocks) -> None:
        self._number = number
        self._blocks = blocks
        self._sources = agreed.sources[number]
        self._offset = agreed.offsets[number]

    def __call__(self) -> Iterator[tuple[int, Row]]:
        number, sources, offset, now = self._number, self._sources, self._offset, 0
        for rows in self._blocks():
            for row in rows:
                kind, index, ts, *rest = row
                now = max(now, ts)
                if kind == CLOCK:
                    yield number, (kind, index, now)
                    continue
                source = sources[index]
                if kind in _PRICES and (source.price, source.size) != (1, 1):
                    rest = _rescaled(kind, rest, source)
                if offset:
                    for place in ORDER_IDS.get(kind, ()):
                        rest[place - 3] += offset if rest[place - 3] else 0
                yield number, (kind, source.index, now, *rest)


def _rescaled(kind: int, rest: list[int], source: Source) -> list[int]:
    for places, factor in ((_PRICES, source.price), (_SIZES, source.size)):
        for place in places[kind]:
            if rest[place - 3] != UNKNOWN:
                rest[place - 3] *= factor
    return rest
