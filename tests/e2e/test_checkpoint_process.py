"""The process beside a server that makes its checkpoints, for real."""

import os
import signal

import attrs
import pytest
import trio
from published_market import SECOND, SETTINGS, PublishedMarket, order

from feed.checkpoint.engine import engine_digest
from feed.durability.disk import FolderDisk
from feed.errors import FeedError
from feed.model.stream_position import StreamPosition
from feed.server.durable.checkpoint_process import setup_of
from feed.server.durable.checkpointing import process_beside
from feed.server.run_spec import default_program

pytestmark = pytest.mark.e2e
PATIENCE = 60.0  # seconds
WITH_TWO = attrs.evolve(SETTINGS, instruments=2)


def program():
    return default_program(seed=3, start=1_700_000_000 * SECOND, instruments=2)


@pytest.fixture
def market(tmp_path):
    """A market in a folder."""
    disk = FolderDisk(tmp_path / "data")
    disk.make()
    disk.lock()
    market = PublishedMarket(disk, WITH_TWO, program=program, engine=engine_digest())
    yield market
    market.folder.close()
    disk.close()


async def patient(main):
    with trio.fail_after(PATIENCE):
        return await main()


def test_it_makes_checkpoints_and_ends_with_the_server(market):
    """It computes along with requests of the log; killed, the next one goes on from the last checkpoint."""
    setup = setup_of(market.disk.path, WITH_TWO)

    async def main():
        async with process_beside(setup) as worker:
            market.until(0.5)
            market.ask(order(1), order(2, 10))
            first = await worker.follow(market.until(2))
            process = worker._process
            os.kill(process.pid, signal.SIGKILL)
            with pytest.raises(FeedError, match=r"has ended \(-9\)"):
                await worker.follow(market.until(3))
        async with process_beside(setup) as worker:
            second = await worker.follow(market.until(5))
            process = worker._process
        assert process.returncode is not None
        return first, second

    first, second = trio.run(patient, main)
    assert first.checkpoint
    assert second.checkpoint == len(market.rows)
    restored = market.restored()
    assert restored.position == StreamPosition(second.checkpoint, market.proofs[-1])
    assert (restored.record, restored.stream.history.oldest) == (1, 1)


def test_a_divergence_ends_it(market):
    """The server is told what is wrong, and nothing is written."""
    setup = setup_of(market.disk.path, WITH_TWO)

    async def main():
        async with process_beside(setup) as worker:
            market.proofs[0] ^= 1
            market.stream.history.proof ^= 1
            market.until(1)
            with pytest.raises(FeedError, match="is not the published one at position"):
                await worker.follow(market.until(2))
            with pytest.raises(FeedError, match=r"has ended \(1\)"):
                await worker.follow(market.until(3))

    trio.run(patient, main)
    assert market.folder.checkpoints() == []
