"""What ``/metrics`` and ``/healthz`` say of a data folder."""

import errno

import trio
from asking import ask
from durable_servers import durable_server, settings_of, slow
from memory_disk import MemoryDisk
from prometheus_client.parser import text_string_to_metric_families

from feed.model.requests import CancelMany


async def figures(server):
    """The figures of the folder, by name."""
    text = (await ask(server.connect(), "/metrics"))[2].decode()
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {one.name: one.value for one in samples if one.name.startswith("feed_data") and not one.labels}


def submit(server):
    request = CancelMany(account=1, instrument=0)
    assert server.runner.submit(request, lambda: None, lambda rows, seq: None)


async def test_a_folder_has_figures(autojump_clock):
    """How many inputs, how long they took to the disk, how far the horizon is, where a restart begins."""
    disk, settings = MemoryDisk(), settings_of(checkpoint_seconds=1)
    async with durable_server(disk, settings, offload=slow(0.01)) as server:
        await trio.sleep(0.1)
        first = await figures(server)
        submit(server)
        await trio.sleep(2.1)
        later = await figures(server)
        assert (first["feed_data_up"], later["feed_data_up"]) == (1, 1)
        assert later["feed_data_inputs_total"] == first["feed_data_inputs_total"] + 1
        assert later["feed_data_commit_seconds_count"] == first["feed_data_commit_seconds_count"] + 1
        assert later["feed_data_commit_seconds_sum"] >= first["feed_data_commit_seconds_sum"] + 0.009
        assert later["feed_data_log_bytes"] == sum(
            len(data) for name, data in disk.files.items() if name.startswith("log")
        )
        assert later["feed_data_horizon_seconds"] * 10**9 > server.market_time
        assert "feed_data_checkpoint_seq" not in first
        assert 0 < later["feed_data_checkpoint_seq"] <= server.context.fanout.hub.seq


async def test_a_disk_that_takes_nothing_is_seen(autojump_clock):
    """In the figures, and in words that name the folder; afterwards it is up again."""
    disk = MemoryDisk()
    async with durable_server(disk) as server:
        await trio.sleep(1)
        disk.fails["append"] = errno.ENOSPC
        submit(server)
        await trio.sleep(1)
        full = await figures(server)
        health = (await ask(server.connect(), "/healthz"))[2]
        disk.fails.clear()
        submit(server)
        await trio.sleep(3)
        later = await figures(server)
    assert (full["feed_data_up"], full["feed_data_refused_total"]) == (0, 1)
    assert health["status"] == "degraded"
    assert "data folder" in health["problems"][0]
    assert (later["feed_data_up"], later["feed_data_refused_total"]) == (1, 1)
