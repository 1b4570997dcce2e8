"""The whole server, from its first address to its last goodbye, with lanes in memory for sockets."""

import pytest
import trio
from clients import request
from disks import full_device
from networks import started
from scripts import Script, quote

from feed import Limits, Settings, serve
from feed.errors import ConfigError
from feed.server.serve import Address

GOODBYE = (1001, "Server is shutting down")


async def test_it_says_where_it_listens(network, tmp_path):
    """To whoever starts it, and in the port file, which is whole as soon as it is there."""
    path = tmp_path / "port"
    async with trio.open_nursery() as nursery:
        settings = Settings(port=1234, port_file=path)
        addresses, stop, _ = await started(nursery, settings, source=Script())
        assert addresses == [Address("127.0.0.1", 1234)]
        assert addresses[0].url("/tradyn") == "ws://127.0.0.1:1234/tradyn"
        assert path.read_text() == "1234\n"
        assert list(tmp_path.iterdir()) == [path]
        stop.set()


def test_an_ipv6_address_stands_in_brackets():
    """As a URL wants it."""
    assert Address("::1", 80).url() == "ws://[::1]:80"


async def test_a_port_file_that_cannot_be_written_is_the_operators_mistake(network, tmp_path):
    """A ConfigError that names the option; nothing keeps running."""
    settings = Settings(port_file=tmp_path / "no" / "port")
    with pytest.RaisesGroup(pytest.RaisesExc(ConfigError, match="--port-file"), flatten_subgroups=True):
        await serve(settings, source=Script())
    assert not network.listening


@pytest.mark.parametrize(
    ("there", "complaint"),
    [(None, r"cannot write .*full \(No space left on device\)"), ("[market]\n", "holds something else")],
)
async def test_a_port_file_takes_nobodys_place(network, tmp_path, there, complaint):
    """A device stays one; a file that is no port file stays as it is."""
    if there is None:
        path = full_device(tmp_path)
    else:
        path = tmp_path / "feed.toml"
        path.write_text(there)
    raised = pytest.RaisesExc(ConfigError, match=complaint)
    with pytest.RaisesGroup(raised, flatten_subgroups=True):
        await serve(Settings(port_file=path), source=Script())
    assert path.is_char_device() if there is None else path.read_text() == there


async def test_it_serves_its_own_market_by_default(network):
    """Without a source the default market is simulated, in market time that begins at the start."""
    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, Settings(start=10**18, seed=3))
        client = await network.join()
        await client.send({"type": "auth", "apiKey": "tk_live_a1b2c3d4e5f6"})
        await client.send({"type": "subscribe", "symbol": "EURUSD"})
        _, _, first, second = await client.messages(4)
        assert first["type"] == second["type"] == "tick"
        assert 10**12 <= first["time"] <= second["time"] <= 10**12 + 10_000
        stop.set()


async def test_everyone_is_told_when_it_stops(network):
    """1001 to each within a second, nobody new, and it returns as soon as all have answered."""
    async with trio.open_nursery() as nursery:
        _, stop, done = await started(nursery, source=Script())
        clients = [await network.join() for _ in range(50)]
        began = trio.current_time()
        stop.set()
        for client in clients:
            assert await client.rest() == ([], *GOODBYE)
            await client.stream.aclose()
        assert not network.listening
        await done.wait()
        assert trio.current_time() - began < 1


async def test_what_is_owed_is_sent_before_the_goodbye(network):
    """A subscriber that is a little behind gets every tick, then 1001."""
    script = Script()
    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, source=script)
        client = await network.join(capacity=300)
        await client.send({"type": "auth", "apiKey": "tk_live_a1b2c3d4e5f6"})
        await client.send({"type": "subscribe", "symbol": "EURUSD"})
        await client.messages(3)
        for price in range(200, 300):
            script.play(quote(0, price))
        await trio.sleep(1)
        stop.set()
        messages, *goodbye = await client.rest()
        assert [round(tick["bid"] * 100_000) for tick in messages] == [*range(200, 300)]
        assert tuple(goodbye) == GOODBYE


async def test_clients_that_ignore_the_goodbye_do_not_hold_it_up(network):
    """Nobody answers, nobody reads: done within the grace all the same."""
    async with trio.open_nursery() as nursery:
        settings = Settings(limits=Limits(shutdown_seconds=5, close_seconds=60))
        _, stop, done = await started(nursery, settings, source=Script())
        for _ in range(20):
            await network.join(polite=False, capacity=200)
        silent, half = network.connect(), network.connect()
        await half.send_bytes(request()[:30])
        await trio.sleep(1)
        began = trio.current_time()
        stop.set()
        await done.wait()
        assert trio.current_time() - began <= 5
        assert (await silent.at_end(), await half.at_end()) == (True, True)


async def test_a_handshake_under_way_ends_in_the_goodbye(network):
    """Whoever is at the door when it stops is greeted, and told to come back."""
    async with trio.open_nursery() as nursery:
        _, stop, done = await started(nursery, source=Script())
        client = network.connect()
        await client.send_bytes(request()[:30])
        await trio.sleep(1)
        stop.set()
        await trio.sleep(1)
        await client.send_bytes(request()[30:])
        assert (await client.head())[0] == 101
        messages, *goodbye = await client.rest()
        assert ([message["type"] for message in messages], tuple(goodbye)) == (["welcome"], GOODBYE)
        await client.stream.aclose()
        await done.wait()


async def test_cancelled_it_drops_everything_at_once(network):
    """No goodbye, no grace."""
    async with trio.open_nursery() as nursery:
        await started(nursery, source=Script())
        client = await network.join()
        began = trio.current_time()
        nursery.cancel_scope.cancel()
    assert trio.current_time() == began
    assert await client.at_end()


async def test_a_source_that_ends_leaves_the_server_running(network):
    """What has been published can still be asked for."""
    script = Script()
    async with trio.open_nursery() as nursery:
        _, stop, _ = await started(nursery, Settings(at_end="hold"), source=script)
        script.end()
        await trio.sleep(60)
        await network.join()
        stop.set()
