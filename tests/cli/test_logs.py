"""Logs: for people or machines, on stderr, and without keys."""

import io
import json

import pytest
import structlog

from feed.cli.logs import configure, redact
from feed.cli.streams import LogStream

KEY = "tk_live_a1b2c3d4e5f6"


@pytest.fixture
def log():
    yield lambda log_format: configure(log_format) or structlog.get_logger()
    structlog.reset_defaults()


def test_json_is_one_object_a_line(log, capsys):
    """Level, time and fields; a traceback stays inside its line."""
    logger = log("json")
    logger.info("opened", port=8080)
    logger.error("failed", exc_info=ZeroDivisionError("ours"))
    out, err = capsys.readouterr()
    opened, failed = map(json.loads, err.splitlines())
    assert out == ""
    assert opened.pop("timestamp").endswith("Z")
    assert opened == {"event": "opened", "level": "info", "port": 8080}
    assert failed["exception"].endswith("ZeroDivisionError: ours")


def test_text_is_for_people(log, capsys):
    """One line with the fields; colours only on a terminal; debug lines are left out."""
    logger = log("text")
    logger.debug("unseen")
    logger.info("opened", port=8080)
    (line,) = capsys.readouterr().err.splitlines()
    assert "opened" in line
    assert "port=8080" in line
    assert "\x1b" not in line


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_a_client_cannot_write_a_line_of_its_own(log, capsys, log_format):
    """A line feed in what a client sent does not start a new line."""
    log(log_format).info("refused", said="a\nfake")
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize(
    "said",
    [
        "/v1/market/ticker?apiKey={}&symbol=X",
        "/?APIKEY={}",
        "X-API-Key: {}",
        "x-api-key: {}, b",
        "Authorization: Bearer {}",
        "authorization: bearer {}'",
    ],
)
def test_no_key_is_written_however_it_looks(log, capsys, said):
    """Where a request carries one, even a key that looks like none."""
    log("json").info("refused", said=said.format("s3cret~/+="))
    written = json.loads(capsys.readouterr().err)["said"]
    assert written == said.format("[key]")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_key_is_written(log, capsys, log_format):
    """In the event, in any field however deep, in a traceback: blotted out."""
    fields = {"target": f"/?key={KEY}", "nested": {"a": [KEY, {"b": (KEY,)}]}, "raw": KEY.encode()}
    log(log_format).error(KEY, exc_info=ValueError(f"bad {KEY}"), **fields)
    err = capsys.readouterr().err
    assert KEY not in err
    assert err.count("[key]") >= 6


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{"type":"auth","apiKey":"tk_live_a1b2"}', '{"type":"auth","apiKey":"[key]"}'),
        ("mk_live_abc123...", "[key]"),
        ("GET /?key=secret&market=BTC-USD", "GET /?key=[key]&market=BTC-USD"),
        ("authorization#eyJh.eyJp.c2ln", "authorization#[key]"),
        ("X-Api-Secret: hush, more", "X-Api-Secret: [key], more"),
        ("a token eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJmZWVkIn0.c2lnbmF0dXJl here", "a token [key] here"),
        ("tick_live of BTC-USD", "tick_live of BTC-USD"),
    ],
)
def test_what_looks_like_a_key(text, written):
    """Keys by their prefix, and whatever stands where a protocol puts its secret."""
    assert redact(None, "info", {"event": text}) == {"event": written}


def test_plain_values_keep_their_type():
    """Numbers stay numbers for whoever reads the JSON."""
    event = {"event": "x", "n": 1, "x": 1.5, "yes": True, "none": None}
    assert redact(None, "info", event) == event


class Stream(io.StringIO):
    """Takes nothing while ``problem`` is set."""

    problem = None

    def flush(self):
        if self.problem is not None:
            raise self.problem

    def write(self, text):
        self.flush()
        return super().write(text)


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), ValueError("closed")])
def test_a_log_that_takes_nothing_stops_nobody(problem):
    """The first line that it takes again is followed by how many it did not."""
    stream = Stream()
    log = LogStream(stream)
    for at in range(4):
        stream.problem = problem if at in {1, 2} else None
        print(f"line {at}", file=log, flush=True)
    assert stream.getvalue() == "line 0\nline 3\nfeed: 2 lines of this log came late, or not at all\n"


def test_a_log_that_is_closed_is_none(monkeypatch):
    """As when a process is started without a standard error."""
    monkeypatch.setattr("sys.stderr", None)
    configure("text")
    structlog.get_logger().info("opened")
    structlog.reset_defaults()
