"""Raw captures of our own protocols: what feed record keeps of a live server."""

import json

import pytest

from feed.errors import ConfigError
from feed.model.events import CLEAR, LEVEL, QUOTE, TRADE

FIRST = 'configuration: {"dialect":"guide","symbols":["BTC-USD"],"channels":["quotes","trades","book"]}\n'
OPENED = "ws://127.0.0.1:8080/guide <-> 1600000000.0\n"
MS = 10**6


def line(message):
    return f"1600000001.5: {json.dumps(message)}\n"


def trade(number, price="1.50", **more):
    return {
        "type": "trade",
        "symbol": "BTC-USD",
        "price": price,
        "size": "0.2",
        "side": "buy",
        "id": str(number),
        "ts": 7,
        "seq": number,
        **more,
    }


def book(seq, bids, asks, action="delta", ts=7):
    rows = {"bids": bids, "asks": asks, "action": action, "part": 1, "parts": 1}
    return {"type": "book", "symbol": "BTC-USD", "ts": ts, "seq": seq, **rows}


def capture(*messages):
    return {"a.messages": FIRST + OPENED + "".join(map(line, messages))}


def test_trades_and_books_become_events(import_texts):
    """Quotes come from the book; market time is the server's, not that of receipt."""
    found = import_texts(
        "capture",
        capture(
            book(1, [["1.25", "2.0"]], [["1.75", "1.0"]], "snapshot", ts=0),
            trade(1),
            book(3, [["1.30", "4.5"]], []),
            {"type": "pong"},
        ),
    )
    assert [instrument.symbol for instrument in found.header.instruments] == ["BTC-USD"]
    assert found.rows == [
        (CLEAR, 0, 7 * MS),
        (LEVEL, 0, 7 * MS, 0, 125, 20),
        (LEVEL, 0, 7 * MS, 1, 175, 10),
        (QUOTE, 0, 7 * MS, 125, 20, 175, 10),
        (TRADE, 0, 7 * MS, 1, 0, 150, 2, 0, 0, -1, -1),
        (LEVEL, 0, 7 * MS, 0, 130, 45),
        (QUOTE, 0, 7 * MS, 130, 45, 175, 10),
    ]
    assert found.report.messages == {"book": 2, "trades": 1, "other": 1}
    assert found.report.notes == ("nothing shows when messages are lost: book",)
    assert found.header.provenance.notes == found.report.notes


def test_what_is_missing_is_a_gap(import_texts):
    """A trade whose number is not the next; one that was told before is no event."""
    found = import_texts("capture", capture(trade(1), trade(1), trade(4)))
    assert [row[0] for row in found.rows] == [TRADE, TRADE]
    assert [problem.what for problem in found.report.problems] == [
        "messages are missing: trades are numbered"
    ]


def test_a_book_that_is_not_the_servers_waits_for_a_snapshot(import_texts):
    """A checksum that does not match; and a connection that begins with the present."""
    snapshot = book(1, [["1.25", "2.0"]], [["1.75", "1.0"]], "snapshot")
    wrong = {**book(3, [["1.30", "4.0"]], []), "checksum": 1}
    lost, ignored = (line(message) for message in (wrong, book(4, [["1.20", "1.0"]], [])))
    found = import_texts("capture", {"a": FIRST + OPENED + line(snapshot) + lost + ignored + OPENED})
    assert [row[0] for row in found.rows] == [CLEAR, LEVEL, LEVEL, QUOTE, CLEAR, QUOTE]
    assert "waits for its next snapshot: checksum" in found.report.problems[0].what
    again = import_texts("capture", {"a": FIRST + OPENED + line(snapshot) + OPENED + line(snapshot)})
    whole = [CLEAR, LEVEL, LEVEL, QUOTE]
    assert [row[0] for row in again.rows] == [*whole, CLEAR, QUOTE, *whole]
    assert again.report.gaps == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (OPENED + line(trade(1)), "expected a first line such as configuration: "),
        ('configuration: {"dialect":"morse","symbols":[],"channels":[]}\n', "there is no client for 'morse'"),
        (FIRST + line({"type": "trade"}), "missing required field"),
        (FIRST + line("[]"), "not JSON|Expected `object`"),
    ],
)
def test_what_is_none_of_the_format_says_where(import_texts, text, complaint):
    """File, line, and what was expected."""
    with pytest.raises(ConfigError, match=complaint):
        import_texts("capture", {"a": text})
