"""
Which programs of others run against the server: the results of tests, as a table.

The tests write them into ``clients.json`` beside this module, which is part of the distribution.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib import resources
from typing import Final

import msgspec

COLUMNS: Final = ("market data", "orders", "resync", "errors")
"""What is tested of a client: in the last two, a local book after a gap, and its own exceptions."""

HEAD: Final = ("client", "protocol", "version", *COLUMNS)
FILE: Final = "clients.json"
NOT_TESTED: Final = "-"
_PASSED: Final = "passed"
_WORDS: Final = {_PASSED: "yes", "failed": "fails", "skipped": "not run"}
_WORST: Final = ("failed", "skipped", _PASSED)


class ClientTest(msgspec.Struct):
    """
    How a test ended.

    Attributes:
        columns: What it is about.
        outcome: ``passed``, ``failed`` or ``skipped``.
        reason: Why it did not pass, in one line.
        limits: What the client cannot do whatever the server says, in one line.
    """

    columns: list[str]
    outcome: str
    reason: str = ""
    limits: str = ""


class ClientRun(msgspec.Struct):
    """
    What was found of one release.

    Attributes:
        version: Of the client.
        day: When, UTC.
        tests: By file and name.
    """

    version: str
    day: str
    tests: dict[str, ClientTest]


class TestedClient(msgspec.Struct):
    """
    A client in one protocol.

    Attributes:
        client: Its name.
        protocol: Name of the protocol.
        title: The same, as people call it.
        pinned: The release that the tests were written with.
        newest: The newest at that time.
    """

    client: str
    protocol: str
    title: str
    pinned: ClientRun | None = None
    newest: ClientRun | None = None

    @property
    def runs(self) -> list[ClientRun]:
        """One for each release."""
        return [run for run in (self.pinned, self.newest) if run is not None and run.tests]


class Matrix(msgspec.Struct):
    """
    All results.

    Attributes:
        clients: By client and protocol.
        left_out: Clients that are not run, and why, in one line each.
    """

    clients: list[TestedClient] = msgspec.field(default_factory=list)
    left_out: dict[str, str] = msgspec.field(default_factory=dict)


def shipped() -> Matrix:
    """The results that came with the distribution."""
    text = resources.files("feed.server.http").joinpath(FILE).read_bytes()
    return msgspec.json.decode(text, type=Matrix)


def rows(matrix: Matrix, protocols: Collection[str] | None = None) -> Iterator[tuple[str, ...]]:
    """
    A line for each client and protocol, under :data:`HEAD`.

    Args:
        matrix: The results.
        protocols: Those wanted; None for all.
    """
    for tested in matrix.clients:
        if tested.runs and (protocols is None or tested.protocol in protocols):
            versions = ", ".join(dict.fromkeys(run.version for run in tested.runs))
            cells = (_cell(tested.runs, column) for column in COLUMNS)
            yield (tested.client, tested.title, versions, *cells)


def notes(matrix: Matrix, protocols: Collection[str] | None = None) -> Iterator[str]:
    """A sentence for each test that did not pass, for what clients cannot do, and for those left out."""
    for tested in matrix.clients:
        if protocols is not None and tested.protocol not in protocols:
            continue
        said = []
        for run in tested.runs:
            for name, test in run.tests.items():
                if test.outcome != _PASSED:
                    about = " and ".join(test.columns)
                    said.append(f"{run.version}, {about} {_WORDS[test.outcome]} ({name}): {test.reason}")
                if test.limits:
                    said.append(test.limits)
        yield from (f"{tested.client}, {tested.title}: {each}" for each in dict.fromkeys(said))
    yield from (f"{client} is not run: {why}" for client, why in matrix.left_out.items())


def _cell(runs: Iterable[ClientRun], column: str) -> str:
    found: dict[str, set[str]] = {}
    for run in runs:
        outcomes = {test.outcome for test in run.tests.values() if column in test.columns}
        found.setdefault(run.version, set()).update(outcomes)
    words = {version: _word(outcomes) for version, outcomes in found.items()}
    if len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{version}: {word}" for version, word in words.items())


def _word(outcomes: Collection[str]) -> str:
    return next((_WORDS[each] for each in _WORST if each in outcomes), NOT_TESTED)


def by_name(matrix: Matrix) -> Mapping[tuple[str, str], TestedClient]:
    """Each client and protocol by their names."""
    return {(tested.client, tested.protocol): tested for tested in matrix.clients}
