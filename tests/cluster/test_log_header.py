"""What holds for a whole log: an edge takes it over, and nothing else."""

import attrs
import pytest
from written_market import WrittenMarket

import feed
from feed import Flow, Settings
from feed.cluster.log_header import LogHeader, read_header, release, write_header
from feed.errors import ConfigError, FeedError
from feed.faults.contract import FaultPlan
from feed.model.faults import Disconnect
from feed.settings import Alerts, Deflate, Trading, Web
from feed.sim.simulation import StopCondition

PLAN = FaultPlan(faults=(Disconnect(at=5, code=1006),), seed=3, start=7, every=9)


def test_a_header_is_read_as_it_was_written():
    """Settings, instruments and faults are equal, by value."""
    market = WrittenMarket(Settings(trading=Trading(waiting=7), deflate=Deflate(level=3)))
    header = attrs.evolve(market.header, plan=PLAN, until=StopCondition(time=9, seq=8))
    data = write_header(header, release="1")
    assert data == write_header(header, release="1")
    again = read_header(data, release="1", where="unix:/x")
    assert attrs.evolve(again, listing=header.listing) == header
    assert list(again.listing) == list(header.listing)


def test_another_release_is_refused_before_anything_is_read():
    """With both names, and what to do."""
    data = write_header(WrittenMarket().header, release="0.1.0 aaaa")
    with pytest.raises(ConfigError) as caught:
        read_header(data, release="0.1.0 bbbb", where="unix:/run/feed.sock")
    assert str(caught.value) == (
        "unix:/run/feed.sock: another release serves there (0.1.0 aaaa); start the same as here (0.1.0 bbbb)"
    )


def test_damage_is_an_error_of_one_line():
    """Whatever was sent in place of a header."""
    for data in (b"", b"\x92\xa11\xc4\x01\xc1"):
        with pytest.raises(FeedError):
            read_header(data, release="1", where="")


def test_a_release_is_named_by_version_and_source():
    """Any other module anywhere is another release."""
    version, digest = release().split()
    assert version == feed.__version__
    assert len(digest) == 16


def test_an_edge_has_what_its_bytes_depend_on_from_the_log():
    """And everything else, such as its ports and limits, of its own."""
    sequencer = Settings(
        port=1,
        trading=Trading(waiting=7),
        deflate=Deflate(level=3),
        alerts=Alerts(per_key=3),
        web=Web(rows=5, most_rows=50, requests_per_second=2),
        flow=Flow(history_seconds=5.0, history_bytes=77, step_events=9),
    )
    header = LogHeader.of(sequencer, history=bytes(16), listing=WrittenMarket().run.listing, plan=FaultPlan())
    own = Settings(port=2, web=Web(requests_per_second=3), flow=Flow(step_events=8))
    assert header.applied_to(own) == attrs.evolve(
        sequencer,
        port=2,
        web=Web(rows=5, most_rows=50, requests_per_second=3),
        flow=Flow(history_seconds=5.0, history_bytes=77, step_events=8),
    )
