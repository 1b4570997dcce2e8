"""Bad links: what becomes of a frame follows from its event, whoever listens and however steps are cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed.faults.frame_faults import SeededFault
from feed.model.events import CLOCK, EXECUTION, WALLET
from feed.model.faults import BrokenChecksum, Drop, Duplicate, Mute, Reorder
from feed.model.topics import Topic
from feed.stream.link_faults import FaultyLink

TOPIC = Topic("test", "quote", 0)
FRACTIONS = st.sampled_from([0.01, 0.3, 0.5, 1.0])


def distorter(*faults, seed=1):
    return FaultyLink([SeededFault(fault, number, seed) for number, fault in enumerate(faults)])


def through(link, count, topic=TOPIC):
    return [data for seq in range(count) for data in link.take(topic, seq, b"%d" % seq)]


def test_a_share_of_the_frames_is_lost():
    """About as many as the fault says, and not the same ones under another seed or fault."""
    drop = Drop(at=0, fraction=0.25)
    kept = through(distorter(drop), 4000)
    assert len(kept) == pytest.approx(3000, abs=120)
    assert kept != through(distorter(drop, seed=2), 4000)
    assert set(kept) - set(through(distorter(drop, drop), 4000))


def test_a_frame_has_one_fate():
    """The same events of a topic are lost to whoever began to listen later, or hears other topics too."""
    drop = Drop(at=0, fraction=0.5)
    whole, late, mixed = distorter(drop), distorter(drop), distorter(drop)
    kept = [seq for seq in range(200) if whole.take(TOPIC, seq, b"x")]
    assert [seq for seq in range(100, 200) if late.take(TOPIC, seq, b"x")] == [s for s in kept if s >= 100]
    other = Topic("test", "trade", 0)
    heard = [(mixed.take(other, seq, b"y"), mixed.take(TOPIC, seq, b"x")) for seq in range(200)]
    assert [seq for seq, (_, mine) in enumerate(heard) if mine] == kept
    assert [seq for seq, (theirs, _) in enumerate(heard) if theirs] != kept


def test_one_instrument_is_struck_whatever_its_channel_is_called():
    """A channel's name may have a slash in it, as may the value of an option."""
    topics = [Topic("test", "1/book", at, (("zone", "a/b@c"),)) for at in range(2)]
    drop = Drop(at=0, fraction=1.0, channel="1/book", symbol="any")
    link = FaultyLink([SeededFault(drop, "one", 1, 1)])
    assert [link.take(topic, 1, b"x") for topic in topics] == [[b"x"], []]


def test_a_copy_follows_at_once():
    """Doubled frames stand side by side, each twice and no more."""
    assert through(distorter(Duplicate(at=0, fraction=1)), 3) == [b"0", b"0", b"1", b"1", b"2", b"2"]


def test_a_copy_may_be_lost_alone():
    """What is doubled first can lose either of the two."""
    kept = through(distorter(Duplicate(at=0, fraction=1), Drop(at=0, fraction=0.5)), 500)
    assert {kept.count(b"%d" % seq) for seq in range(500)} == {0, 1, 2}


def broken(fault, data, topic=TOPIC):
    seeded = SeededFault(fault, "one", 1, checksums={"test": ("checksum", "c")})
    return FaultyLink([seeded]).take(topic, 1, data)


@pytest.mark.parametrize(
    ("sent", "arrives"),
    [
        (b'{"checksum":4294967295,"ts":1}', b'{"checksum":4294967294,"ts":1}'),
        (b'{"bids":[],"checksum":0}', b'{"bids":[],"checksum":1}'),
        (b'[1,{"c":"974942666"},"book"]', b'[1,{"c":"974942667"},"book"]'),
        (b'{"c":"50000.1","n":1}', b'{"c":"50000.1","n":1}'),
        (b'{"crc":1}', b'{"crc":1}'),
    ],
)
def test_a_checksum_is_another_number_of_the_same_length(sent, arrives):
    """Only what the protocol calls a checksum, and only where its value is a whole number."""
    fault = BrokenChecksum(at=0, fraction=1)
    assert broken(fault, sent) == [arrives]
    assert broken(fault, sent, Topic("other", "quote", 0)) == [sent]


def test_a_bound_counts_messages_that_have_a_checksum():
    """The others are not struck."""
    fault = BrokenChecksum(at=0, fraction=1, messages=1)
    link = FaultyLink([SeededFault(fault, "one", 1, checksums={"test": ("checksum",)})])
    sent = [b'{"a":1}', b'{"checksum":12}', b'{"checksum":34}']
    heard = [out for seq, data in enumerate(sent) for out in link.take(TOPIC, seq, data)]
    assert heard == [b'{"a":1}', b'{"checksum":13}', b'{"checksum":34}']


def test_nothing_is_heard_of_a_mute_link():
    """And nothing comes later."""
    link = distorter(Mute(at=0))
    assert (through(link, 50), link.held()) == ([], [])


@given(fraction=FRACTIONS, distance=st.integers(1, 6), count=st.integers(0, 80), seed=st.integers(0, 99))
def test_no_frame_is_overtaken_by_more_than_the_distance(fraction, distance, count, seed):
    """Nothing is lost or doubled either, if what is held to the end is counted in."""
    link = distorter(Reorder(at=0, fraction=fraction, distance=distance), seed=seed)
    out = [int(data) for data in through(link, count)]
    held = [int(data) for data in link.held()]
    assert sorted(out + held) == [*range(count)]
    for place, seq in enumerate(out):
        assert sum(later > seq for later in out[:place]) <= distance
    for seq in held:
        assert sum(later > seq for later in out) < distance


def test_so_many_of_each_topic_and_no_more():
    """Of each kind of fault that strikes messages; which they are is drawn, and the same for everybody."""
    for kind, lengths in ((Drop, 98), (Duplicate, 102), (Reorder, 100)):
        link = distorter(kind(at=0, fraction=0.5, messages=2))
        out = through(link, 100)
        assert len(out) == lengths
        assert out != [b"%d" % seq for seq in range(100)]
        later = [b"%d" % seq for seq in range(50, 100)]
        assert out[-50:] == later


def test_heartbeats_of_a_market_that_stands_still_are_struck_one_by_one():
    """All follow the same event; yet so many are struck as the fault says, or such a share, and no more."""
    for kind, left in ((Drop, 7), (Duplicate, 13)):
        link = distorter(kind(at=0, fraction=1, messages=3))
        out = [data for beat in range(1, 11) for data in link.take(TOPIC, 5, b"%d" % beat, beat=beat)]
        assert (len(out), out[-7:]) == (left, [b"%d" % beat for beat in range(4, 11)])
    late, half = distorter(Reorder(at=0, fraction=1, messages=1)), distorter(Drop(at=0, fraction=0.5))
    assert [late.take(TOPIC, 5, b"%d" % beat, beat=beat) for beat in (1, 2, 3)] == [[], [b"2", b"1"], [b"3"]]
    assert sum(len(half.take(TOPIC, 5, b"x", beat=beat)) for beat in range(1, 1001)) == pytest.approx(
        500, abs=60
    )


def test_one_channel_alone():
    """By its whole name; the others of the same connection hear all."""
    link = distorter(Drop(at=0, fraction=1, channel="depth@100ms"))
    names = ("depth@100ms", "depth", "depth@100ms@1", "trade")
    topics = [Topic("test", name, 3, (("combined", "true"),)) for name in names]
    heard = [[topic.channel for topic in topics if link.take(topic, seq, b"x")] for seq in range(9)]
    assert heard == [["depth", "depth@100ms@1", "trade"]] * 9


def test_a_late_message_of_one_channel_is_late_among_its_own():
    """Others between them do not count, nor do those of another instrument."""
    link = distorter(Reorder(at=0, fraction=1, messages=1, channel="depth"))
    mine, other = Topic("test", "depth", 3), Topic("test", "depth", 4)
    between = Topic("test", "trade", 3)
    order = [(mine, b"1"), (between, b"a"), (other, b"5"), (mine, b"2"), (between, b"b"), (other, b"6")]
    out = [data for seq, (topic, data) in enumerate(order) for data in link.take(topic, seq, data)]
    assert out == [b"a", b"2", b"1", b"b", b"6", b"5"]


def test_one_kind_of_event_alone():
    """What tells of others, or of the time, passes."""
    link = distorter(Drop(at=0, fraction=1, messages=2, event="execution"))
    kinds = [EXECUTION, WALLET, EXECUTION, 0, EXECUTION, CLOCK]
    out = [data for seq, kind in enumerate(kinds) for data in link.take(TOPIC, seq, b"%d" % seq, kind)]
    assert out == [b"1", b"3", b"4", b"5"]
    copies = distorter(Duplicate(at=0, fraction=1), Drop(at=0, fraction=1, event="execution"))
    assert copies.take(TOPIC, 1, b"x", EXECUTION) == []
    assert copies.take(TOPIC, 2, b"x", WALLET) == [b"x", b"x"]
    late = distorter(Reorder(at=0, fraction=1, event="wallet"), Drop(at=0, fraction=1, event="wallet"))
    assert [late.take(TOPIC, seq, b"x", kind) for seq, kind in enumerate([WALLET, CLOCK])] == [[], [b"x"]]


def test_one_instrument_alone():
    """By its place in the listing; the same channel of others is left alone."""
    link = FaultyLink([SeededFault(Drop(at=0, fraction=1, channel="quote"), "x", 1, instrument=7)])
    heard = [at for at in range(9) if link.take(Topic("test", "quote", at), 1, b"x")]
    assert heard == [0, 1, 2, 3, 4, 5, 6, 8]
    assert link.take(Topic("test", "trade", 7), 1, b"x") == [b"x"]
