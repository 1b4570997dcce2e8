"""
The table of other people's clients: written from what tests found, into README.md and the distribution.

``python -m pytest -m clients --write-clients tests/clients`` runs and writes; without the option the table
is only printed. A test says with ``@pytest.mark.client(NAME, *COLUMNS)`` whom it is about, and with
``protocols`` in what. What a run finds of a test replaces what was found before.
"""

import re
from pathlib import Path

import attrs
import msgspec

from feed.dialects.discovery import dialects
from feed.server.http import client_matrix
from feed.server.http.client_matrix import COLUMNS, HEAD, ClientRun, ClientTest, Matrix, TestedClient

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DATA = ROOT / "feed" / "server" / "http" / client_matrix.FILE
"""In the checkout, whatever is installed."""
BEGIN, END = "<!-- clients: written by tests -->", "<!-- end of clients -->"
LEFT_OUT = {
    "cryptofeed's stream of Coinbase Advanced Trade": "it looks in books for the side `ask`, which the"
    " exchange, ccxt and the SDK call `offer`, and would have no asks.",
    "nautilus_trader": "it asks Binance Spot for SBE, a binary form that is not served; not aimed at.",
}
_RAISED = re.compile(r"[A-Za-z_][\w.]*(Error|Exception|Timeout|Expired|Interrupt)\b")
_FOLDERS = re.compile(r"(?<![\w:/])/(?:[\w.+-]+/)+")
"""Where a machine has something is nobody else's business."""
LONGEST_REASON = 160
"""Characters."""


@attrs.frozen
class Found:
    """
    What a run found by one test of one client.

    Attributes:
        test: File and name.
        client: Name of the client.
        protocols: In which it was tried.
        columns: What it is about.
        version: Of the client that ran; empty where none was started.
        outcome: ``passed``, ``failed`` or ``skipped``.
        reason: Why it did not pass.
        limits: What the client cannot do.
    """

    test: str
    client: str
    protocols: tuple
    columns: tuple
    version: str
    outcome: str
    reason: str = ""
    limits: str = ""


def short(text):
    """The first line of a text that says something, or what a traceback in it ends with; cut to a bound."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line for line in lines if _RAISED.match(line)] if "Traceback" in text else []
    line = (raised or lines[:1] or [""])[-1]
    if "TimeoutExpired" in line:
        line = "the program did not end in time"
    line = _FOLDERS.sub("", line)
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 3]}..."


def merged(matrix, found, *, run, day, gone=()):
    """
    What is known after a run.

    Args:
        matrix: What was known before.
        found: What the run found.
        run: ``pinned`` or ``newest``.
        day: Of the run.
        gone: Tests that there are no more.
    """
    clients = dict(client_matrix.by_name(matrix))
    for tested in clients.values():
        for known in tested.runs:
            known.tests = {name: test for name, test in known.tests.items() if name not in gone}
    for one in found:
        for protocol in one.protocols:
            key = one.client, protocol
            title = dialects()[protocol].title
            tested = clients.setdefault(key, TestedClient(one.client, protocol, title))
            tested.title = title
            now = getattr(tested, run)
            version = one.version or (now.version if now else "")
            if now is None or now.version != version:
                now = ClientRun(version, day, {})
                setattr(tested, run, now)
            now.day = day
            now.tests[one.test] = ClientTest(list(one.columns), one.outcome, short(one.reason), one.limits)
            now.tests = dict(sorted(now.tests.items()))
    kept = [tested for tested in clients.values() if any(known.tests for known in tested.runs)]
    return Matrix(sorted(kept, key=lambda one: (one.client, one.title)), LEFT_OUT)


def markdown(matrix):
    """The table and its notes as they stand in README.md."""
    lines = [_line(HEAD), _line("---" for _ in HEAD), *map(_line, client_matrix.rows(matrix))]
    said = [f"- {note}" for note in client_matrix.notes(matrix)]
    return "\n".join([*lines, "", *said])


def _line(cells):
    return f"| {' | '.join(cells)} |"


def in_readme(text, matrix):
    """The text of README.md with the table of some results."""
    before, _, rest = text.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md has no {BEGIN}")
    return f"{before}{BEGIN}\n\n{markdown(matrix)}\n\n{END}{after}"


def plain(matrix):
    """The same for a terminal."""
    table = [HEAD, *client_matrix.rows(matrix)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in table]
    return [*lines, *client_matrix.notes(matrix)]


def read():
    """What is known."""
    return msgspec.json.decode(DATA.read_bytes(), type=Matrix)


def write(matrix):
    """Replace the data and the table."""
    data = msgspec.json.format(msgspec.json.encode(matrix), indent=1)
    DATA.write_bytes(data + b"\n")
    README.write_text(in_readme(README.read_text(encoding="utf-8"), matrix), encoding="utf-8")


def gone(matrix, collected):
    """Tests with results that are not among those in the files that were read."""
    files = {name.split("::")[0] for name in collected}
    known = {name for tested in matrix.clients for run in tested.runs for name in run.tests}
    return {name for name in known - set(collected) if name.split("::")[0] in files}


def columns_of(names):
    """The columns that a marker names, as a tuple; anything else is a mistake."""
    if wrong := set(names) - set(COLUMNS):
        raise ValueError(f"no such column: {', '.join(sorted(wrong))}")
    return tuple(names)
