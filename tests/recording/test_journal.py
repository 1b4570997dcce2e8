"""The journal of order requests."""

import errno

import attrs
import pytest
from disks import Disk
from hypothesis import given
from hypothesis import strategies as st

from feed.errors import ConfigError
from feed.model.events import Side
from feed.model.executions import Charge
from feed.model.grants import Tier
from feed.model.orders import SelfTrade, TimeInForce
from feed.model.requests import (
    KEEP,
    Cancel,
    CancelMany,
    Close,
    Create,
    FillOrder,
    JournalEntry,
    Modify,
    SetExits,
)
from feed.model.spot_requests import (
    AmendSpotOrder,
    CancelSpotOrder,
    CancelSpotOrders,
    CancelSpotOrdersAfter,
    Only,
    PlaceSpotOrder,
    ReplaceSpotOrder,
    SpotBatch,
)
from feed.model.trading import Pricing, Trigger, packed
from feed.recording.journal import (
    JournalHeader,
    ScenarioFile,
    end_line,
    header_line,
    journal_line,
    listing_digest,
    read_journal,
)
from feed.recording.journal_writer import JournalWriter
from feed.settings import Trading
from feed.sim.defaults import default_market

COMMON = {
    "account": st.integers(1, 10**6),
    "instrument": st.integers(0, 999),
    "request": st.uuids().map(str).map(packed) | st.just(0),
    "tier": st.sampled_from(Tier),
}
UNITS = st.integers(1, 10**15)
EXITS = UNITS | st.sampled_from([0, KEEP])
NAMES = st.text(".:/-_aZ0", max_size=36).map(packed)
PLACED = {
    **COMMON,
    "request": NAMES,
    "side": st.sampled_from(Side),
    "type": st.sampled_from(Pricing),
    "size": UNITS,
    "quote_size": st.integers(0, 10**30),
    "price": UNITS,
    "time_in_force": st.sampled_from(TimeInForce),
    "post_only": st.booleans(),
    "trigger": st.sampled_from(Trigger),
    "trigger_price": UNITS,
    "self_trade": st.sampled_from(SelfTrade),
    "expires": UNITS,
    "tag": UNITS,
    "maker_fee": st.integers(0, 1000),
    "taker_fee": st.integers(0, 1000),
    "charge": st.sampled_from(Charge),
}
SPOT = st.one_of(
    st.builds(PlaceSpotOrder, **PLACED),
    st.builds(CancelSpotOrder, **COMMON, order=UNITS, client=NAMES, only=st.sampled_from(Only)),
)
REQUESTS = st.one_of(
    st.builds(SpotBatch, **COMMON, parts=st.lists(SPOT, max_size=3).map(tuple)),
    st.builds(
        Create,
        **COMMON,
        side=st.sampled_from(Side),
        size=UNITS,
        type=st.sampled_from(Pricing),
        price=UNITS,
        slippage=st.integers(0, 10**6),
        post_only=st.booleans(),
        leverage=st.integers(1, 10),
        time_in_force=st.sampled_from(TimeInForce),
        reduce_only=st.booleans(),
        trigger=st.sampled_from(Trigger),
        trigger_price=UNITS,
        stop_loss=UNITS,
        take_profit=UNITS,
    ),
    st.builds(Cancel, **COMMON, order=UNITS, created=UNITS),
    st.builds(CancelMany, **COMMON, price=UNITS, side=st.sampled_from([-1, 0, 1]), everywhere=st.booleans()),
    st.builds(
        Modify,
        **COMMON,
        order=UNITS,
        created=UNITS,
        price=UNITS,
        size=UNITS,
        trigger_price=UNITS,
        stop_loss=EXITS,
        take_profit=EXITS,
    ),
    st.builds(Close, **COMMON, position=UNITS, size=UNITS, slippage=st.integers(0, 10**6)),
    st.builds(SetExits, **COMMON, position=UNITS, stop_loss=EXITS, take_profit=EXITS),
    st.builds(FillOrder, **COMMON, share=st.integers(1, 10**6)),
    SPOT,
    st.builds(
        ReplaceSpotOrder,
        **PLACED,
        cancel_order=UNITS,
        cancel_client=NAMES,
        cancel_request=NAMES,
        cancel_only=st.sampled_from(Only),
        allow_failure=st.booleans(),
    ),
    st.builds(CancelSpotOrders, **COMMON, everywhere=st.booleans()),
    st.builds(CancelSpotOrdersAfter, **COMMON, after=UNITS),
    st.builds(
        AmendSpotOrder,
        **COMMON,
        order=UNITS,
        client=NAMES,
        size=UNITS,
        price=UNITS,
        trigger_price=UNITS,
        shrink_only=st.booleans(),
        post_only=st.booleans(),
    ),
)
HEADER = JournalHeader(
    engine="feed 1.0",
    scenario=ScenarioFile(name="small", file="/x/small.toml", sha256="0" * 64),
    seed=3,
    start=10**18,
    listing=listing_digest(default_market(2).listing()),
    trading=Trading(deposit=5, deposits=(), maker_fee=1),
)
LINE = journal_line(JournalEntry(at=1, request=CancelMany(account=1, instrument=0)))


def entry(at):
    return JournalEntry(at=at, request=CancelMany(account=1, instrument=0))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "orders.jsonl"


def writer(path, header=HEADER, disk=None, **options):
    made = JournalWriter(path, header, (disk or Disk()).open, **options)
    made.open()
    return made


def entries(path):
    return [item.at for item in read_journal(path).entries]


# --- what it says ------------------------------------------------------------------------------------


@given(requests=st.lists(REQUESTS, max_size=5))
def test_what_was_written_is_read(tmp_path_factory, requests):
    """The header, every request, in order, to the last digit, and where the run ended."""
    path = tmp_path_factory.mktemp("journal") / "orders.jsonl"
    told = tuple(JournalEntry(at=10**18 + at, request=request) for at, request in enumerate(requests))
    journal = writer(path)
    assert all(journal.write(item) for item in told)
    journal.end(77)
    found = read_journal(path)
    assert (found.header, found.entries, found.events, found.torn) == (HEADER, told, 77, False)


def test_a_line_can_be_read_by_people():
    """The client's own id is written as it was received."""
    request = CancelMany(account=1, instrument=4, request=packed("0835bf3e-4a20-41f0-908d-8213f2b7a285"))
    assert journal_line(JournalEntry(at=5, request=request)) == (
        b'{"at":5,"do":"cancel-many","account":1,"instrument":4,'
        b'"request":"0835bf3e-4a20-41f0-908d-8213f2b7a285","price":0,"side":-1}\n'
    )


def test_the_header_says_what_determines_the_market():
    """Version of format and engine, scenario with the hash of its content, seed, start, terms of trade."""
    assert header_line(attrs.evolve(HEADER, listing="1" * 64)) == (
        b'{"format":"feed-journal","version":2,"engine":"feed 1.0","scenario":{"name":"small",'
        b'"file":"/x/small.toml","sha256":"%s"},"seed":3,"start":1000000000000000000,"instruments":null,'
        b'"sessions":false,"listing":"%s","trading":{"deposit":5,"deposits":[],"maker_fee":1,"taker_fee":500,'
        b'"basic_discount":100000,"pro_discount":200000,"max_discount":400000,"leverage":10,"maintenance":30000,'
        b'"margin_call":1500000,"price_band":800000,"slippage":20000,"open_orders":2000,"history":10000,'
        b'"recorded_orders":true,"recorded_cancels":"proportional"}}\n' % (b"0" * 64, b"1" * 64)
    )


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "[]",
        "{}",
        '{"at":1,"do":"explode","account":1,"instrument":0,"request":""}',
        '{"at":1,"do":"cancel-many","account":0,"instrument":0,"request":""}',
        '{"at":1,"do":"cancel-many","account":1,"instrument":0,"request":"\u00fc"}',
        '{"at":1,"do":"cancel-many","account":1,"instrument":0,"request":"","more":1}',
        '{"at":"x","do":"cancel-many","account":1,"instrument":0,"request":""}',
    ],
)
def test_a_bad_line_is_named(path, text):
    """File and line."""
    path.write_bytes(header_line(HEADER) + LINE + text.encode() + b"\n")
    with pytest.raises(ConfigError, match=r"orders\.jsonl:3: no entry"):
        read_journal(path)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty; no request acted"),
        (b'{"format":"feed-jou', "ends in its header; no request acted"),
        (LINE, "has no header; an earlier release wrote it, and of which market is not known"),
        (b"one\ntwo\n", "is no journal"),
        (b'{"format":"feed-journal","version":9}\n', "version 9, only 2 is known"),
        (b'{"format":"feed-journal","version":2,"seed":1}\n', "bad journal header"),
        (header_line(HEADER) + header_line(HEADER), "2: another run begins here; give each run"),
        (header_line(HEADER) + LINE + end_line(5) + LINE, "4: another run begins here"),
        (header_line(HEADER) + b'{"end":true,"events":"x"}\n', "2: no end of a journal"),
        (
            header_line(HEADER) + journal_line(entry(2)) + journal_line(entry(1)),
            "3: is earlier than the line before",
        ),
    ],
)
def test_what_is_no_journal_of_one_run_is_an_error_of_one_line(path, content, complaint):
    """Two runs in one file are found where the second one begins."""
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_journal(path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_the_operators_mistake(path):
    """As everywhere."""
    with pytest.raises(ConfigError, match="cannot be read"):
        read_journal(path)


def test_a_torn_last_line_did_not_act(path):
    """It is left out, and reported."""
    path.write_bytes(header_line(HEADER) + LINE + LINE[:-1])
    found = read_journal(path)
    assert (len(found.entries), found.torn, found.events) == (1, True, None)


# --- a disk that fills up ------------------------------------------------------------------------------


def test_a_request_without_disk_space_is_not_written_in_part(path):
    """And as soon as there is room again the next one does; trouble begins once and ends once."""
    disk, told = Disk(), []
    journal = writer(path, disk=disk, changed=lambda: told.append(journal.trouble))
    assert journal.write(entry(1))
    disk.room = len(LINE) + 20
    assert [journal.write(entry(at)) for at in (2, 3, 4)] == [True, False, False]
    assert entries(path) == [1, 2]
    assert told == ["No space left on device"]
    disk.room = 100_000
    assert journal.write(entry(5))
    assert told == ["No space left on device", ""]
    assert (journal.entries, journal.refused) == (3, 2)
    journal.close()
    assert entries(path) == [1, 2, 5]


@pytest.mark.parametrize("room", [0, 10])
def test_a_header_that_finds_no_room_is_no_error(path, room):
    """Requests are refused until it can be written; then it comes first."""
    disk = Disk(room)
    journal = writer(path, disk=disk)
    assert journal.trouble == "No space left on device"
    assert not journal.write(entry(1))
    disk.room = 100_000
    assert journal.write(entry(2))
    journal.close()
    assert read_journal(path).header == HEADER
    assert entries(path) == [2]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, errno.EDQUOT])
def test_a_file_that_cannot_be_made_now_is_made_later(path, number):
    """No room for it, or no descriptor."""
    disk = Disk()
    disk.problem = number
    journal = writer(path, disk=disk)
    assert journal.trouble
    assert not journal.write(entry(1))
    journal.probe()
    assert journal.trouble
    disk.problem = None
    journal.probe()
    assert not journal.trouble
    assert journal.write(entry(2))
    journal.close()
    assert entries(path) == [2]


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOENT])
def test_a_place_where_nothing_can_be_written_is_the_operators_mistake(path, number):
    """At once: no room will ever come of it."""
    disk = Disk()
    disk.problem = number
    with pytest.raises(ConfigError, match=r"--journal: cannot write .*orders\.jsonl"):
        writer(path, disk=disk)


def test_a_folder_is_no_file(tmp_path):
    """Nor is what lies in none."""
    with pytest.raises(ConfigError, match="Is a directory"):
        writer(tmp_path)
    with pytest.raises(ConfigError, match="No such file"):
        writer(tmp_path / "none" / "orders.jsonl")


# --- whose journal it is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"seed": 4}, "seed"),
        ({"start": 5, "scenario": None}, "scenario, start"),
        ({"trading": Trading()}, "trading"),
        ({"instruments": 7, "listing": "1" * 64}, "instruments, listing"),
    ],
)
def test_another_runs_journal_is_refused(path, change, names):
    """And left as it is; the line says in what they differ."""
    writer(path).close()
    before = path.read_bytes()
    with pytest.raises(ConfigError) as caught:
        writer(path, attrs.evolve(HEADER, **change))
    assert str(caught.value) == (
        f"{path}: is the journal of another run ({names}); give another --journal, or move this one away"
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("rest", [LINE, LINE[:-3], end_line(5)])
def test_a_run_is_not_continued(path, rest):
    """Not even of the same market: events after its last line are unknown."""
    path.write_bytes(header_line(HEADER) + rest)
    with pytest.raises(ConfigError, match="an earlier run of this market"):
        writer(path)
    assert path.read_bytes() == header_line(HEADER) + rest


@pytest.mark.parametrize("content", [b"", header_line(HEADER)[:40], header_line(HEADER)])
def test_a_run_that_never_began_is_begun(path, content):
    """An empty file, a torn header, which is cut off, or one that nothing follows."""
    path.write_bytes(content)
    journal = writer(path, attrs.evolve(HEADER, engine="feed 1.0"))
    assert journal.cut == (40 if len(content) == 40 else 0)
    assert journal.write(entry(1))
    journal.close()
    assert entries(path) == [1]


@pytest.mark.parametrize("content", [b"notes", b"notes\n", LINE, LINE[:-1]])
def test_what_is_no_journal_is_not_touched(path, content):
    """Nor is one of an earlier release."""
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"is no journal|has no header"):
        writer(path)
    assert path.read_bytes() == content


def test_a_journal_is_written_by_one_process(path):
    """The second process gets an error at once."""
    journal = writer(path)
    with pytest.raises(ConfigError, match="another process or option writes it"):
        writer(path)
    journal.close()
