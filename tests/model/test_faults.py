"""The connections that a fault affects, and its time."""

import pytest

from feed.model.faults import (
    FAULTS,
    Aim,
    Ban,
    ClockSkew,
    Disconnect,
    Garbage,
    LastingFault,
    Maintenance,
    Mute,
)


@pytest.mark.parametrize(
    ("aim", "struck"),
    [
        (Aim(), True),
        (Aim(dialect="tradyn"), True),
        (Aim(dialect="rails"), False),
        (Aim(key="desk"), True),
        (Aim(key="other"), False),
        (Aim(dialect="tradyn", key="desk"), True),
        (Aim(dialect="tradyn", key="other"), False),
        (Aim(fraction=0.3), False),
        (Aim(fraction=0.31), True),
    ],
)
def test_a_connection_is_struck_when_all_fits(aim, struck):
    """Protocol, key and lot; what is not said fits everyone."""
    assert aim.strikes(dialect="tradyn", key="desk", lot=0.3) is struck


def test_a_key_that_is_aimed_at_must_have_been_shown():
    """A connection without a key is affected only by faults that name none."""
    assert Aim().strikes(dialect="tradyn", key=None, lot=0.0)
    assert not Aim(key="desk").strikes(dialect="tradyn", key=None, lot=0.0)


def test_one_thing_says_when():
    """A time or a sequence number, not both and not none."""
    assert (Mute(at=0).seq, Garbage(seq=1).at) == (None, None)
    for when in ({}, {"at": 0, "seq": 1}):
        with pytest.raises(ValueError, match="'at' or 'seq' says when"):
            Mute(**when)


@pytest.mark.parametrize(
    "bad", [{"at": -1}, {"seq": 0}, {"at": 0, "code": 999}, {"at": 0, "reason": "x" * 124}]
)
def test_bounds(bad):
    """What a WebSocket cannot carry cannot be asked for."""
    with pytest.raises(ValueError):
        Disconnect(**bad)


def test_what_lasts_has_an_end_or_none():
    """Faults of one moment have no duration."""
    lasting = {kind.__name__ for kind in FAULTS if issubclass(kind, LastingFault)}
    assert lasting == {
        "Mute",
        "HalfOpen",
        "Delay",
        "Bandwidth",
        "Drop",
        "Duplicate",
        "Reorder",
        "BrokenChecksum",
        "RefuseHandshakes",
        "Restart",
        "Ban",
        "ClockSkew",
        "Maintenance",
    }


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Maintenance(at=0), "'aim.dialect' must say"),
        (lambda: Maintenance(at=0, aim=Aim(dialect="x", fraction=0.5)), "'aim.fraction' is a share"),
        (lambda: Ban(at=0, aim=Aim(dialect="x")), "'aim.key' or 'address' says who is banned"),
        (lambda: Ban(at=0, aim=Aim(dialect="x", key="desk"), address="::1"), "one of them and not both"),
        (lambda: Ban(at=0, aim=Aim(dialect="x"), address="here"), "'address' must be an IP address: 'here'"),
        (lambda: ClockSkew(at=0, aim=Aim(dialect="x"), skew_ms=86_400_001), "'skew_ms' must be <= 86400000"),
    ],
)
def test_a_fault_of_requests_says_of_which(make, words):
    """Nobody is banned from everything, and no machine from a protocol."""
    with pytest.raises(ValueError, match=words):
        make()
