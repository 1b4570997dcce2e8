"""What is refused where a log in Redis is not the beginning of the market that is here."""

import pytest
from blocks import LISTING, START, clock_rows
from memory_disk import MemoryDisk

from feed import Settings
from feed.cluster.redis.start import check_log
from feed.errors import ConfigError
from feed.model.stream_position import StreamPosition
from feed.server.durable.led_log import read_led, write_led
from feed.server.stream_state import empty_history

WHERE = "redis://h/m"


def _history(events=6):
    history = empty_history(LISTING, Settings())
    proofs = [START.proof, *history.append(clock_rows(1, events))]
    return history, [StreamPosition(seq, proof) for seq, proof in enumerate(proofs)]


def _check(head, history, *, folder="DIR", led=3, new_history=False):
    check_log(head, history, where=WHERE, folder=folder, led=led, new_history=new_history)


@pytest.mark.parametrize("seq", [0, 3, 6])
def test_a_market_goes_on_behind_what_it_has_written(seq):
    """Its folder may be ahead of the log, as it computes further than anybody was told before it stopped."""
    history, positions = _history()
    _check(((3, 9), positions[seq]), history)
    _check(((2, 9), positions[seq]), history)  # it was to lead term 3, and was killed before its first block


def test_a_log_without_blocks_is_anybodys():
    """With and without a folder."""
    history, _ = _history()
    _check(None, history)
    _check(None, history, folder=None, led=None)


@pytest.mark.parametrize(
    ("term", "seq", "more", "problem"),
    [
        (3, 6, {"folder": None, "led": None}, "has a market of 6 events that is not here"),
        (4, 3, {}, "another server has led the log at redis://h/m since; DIR is 3 events ahead of it"),
        (4, 6, {}, "another server has led the log at redis://h/m since; DIR is 0 events ahead of it"),
        (1, 3, {"led": None}, "another server has led the log at redis://h/m since"),
    ],
)
def test_what_another_server_wrote_is_not_written_over(term, seq, more, problem):
    """One line says what is there and what to do; with --new-history it is done."""
    history, positions = _history()
    head = (term, 9), positions[seq]
    with pytest.raises(ConfigError, match="--log: ") as refused:
        _check(head, history, **more)
    assert problem in str(refused.value)
    assert "--new-history" in refused.value.hint
    _check(head, history, **more, new_history=True)


def test_a_folder_that_is_behind_or_another_is_refused():
    """Clients were told events that it does not have."""
    history, _ = _history()
    with pytest.raises(ConfigError, match="DIR ends 2 events before the log at redis://h/m does"):
        _check(((3, 9), StreamPosition(8, 1)), history)
    with pytest.raises(ConfigError, match="has other events than DIR"):
        _check(((3, 9), StreamPosition(4, 1)), history)


def test_a_folder_remembers_which_log_it_has_led():
    """One log, the last term."""
    disk = MemoryDisk()
    assert read_led(disk, WHERE) is None
    write_led(disk, WHERE, 3)
    write_led(disk, WHERE, 5)
    assert read_led(disk, WHERE) == 5
    assert read_led(disk, "redis://h/other") is None
    disk.replace("led", b"\xff")
    assert read_led(disk, WHERE) is None
