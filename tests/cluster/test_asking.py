"""What edges ask of a sequencer, by links: done once, and answered."""

import attrs
import msgspec
import pytest
import structlog
import trio
import trio.testing
from blocks import CALL, START, blocks_after, local_log
from links import JOINS, Reader, link_to, taken

from feed.cluster.asking import Asking
from feed.cluster.framing import Frames
from feed.cluster.local_link import LocalLink, StartedAgain
from feed.cluster.messages import Answer, Beat, Submit, decode, encode_request
from feed.cluster.ports import NO_HANDLERS, NotConnected
from feed.model.requests import CancelMany
from feed.server.http.forwarding import ForwardedAnswer
from feed.settings import Cluster


class Handled:
    """What is asked of a log, and how it is answered."""

    def __init__(self):
        self.submitted, self.called, self.gone = [], [], []
        self.answers = trio.Event()

    async def call(self, call):
        self.called.append(call)
        await self.answers.wait()
        return ForwardedAnswer(status=200, headers=(), body=call.body), (0, 7)

    @property
    def handlers(self):
        return attrs.evolve(
            NO_HANDLERS,
            submit=lambda *asked: self.submitted.append(asked),
            call=self.call,
            left=self.gone.append,
        )


def submit(number):
    return Submit(number=number, request=encode_request(CancelMany(account=number, instrument=0)))


async def test_requests_come_once_whichever_connection_brings_them(autojump_clock, nursery):
    """Those that come again are passed over; beats and the next welcome say which have come."""
    handled = Handled()
    log, hello = local_log(), msgspec.structs.replace(JOINS, edge="one")
    log.handlers = handled.handlers
    reader = await Reader(nursery, log, hello).joined()
    await reader.say(submit(1), submit(2), submit(2), submit(1), submit(4))
    await trio.sleep(1)
    await reader.read_all()
    assert [(edge, number) for edge, number, _ in handled.submitted] == [("one", 1), ("one", 2), ("one", 4)]
    assert [request.account for *_, request in handled.submitted] == [1, 2, 4]
    assert [one for one in reader.messages if isinstance(one, Beat)][-1].taken == 4
    await reader.stream.aclose()
    await trio.testing.wait_all_tasks_blocked()
    assert handled.gone == ["one"]
    again = await Reader(nursery, log, hello).joined()
    other = await Reader(nursery, log, msgspec.structs.replace(JOINS, edge="two")).joined()
    assert [one.messages[0].taken for one in (again, other)] == [4, 0]
    await again.say(submit(4), submit(5))
    await other.say(submit(1))
    await trio.testing.wait_all_tasks_blocked()
    assert [(edge, number) for edge, number, _ in handled.submitted[3:]] == [("one", 5), ("two", 1)]
    nursery.cancel_scope.cancel()


async def test_calls_are_answered_beside_the_blocks(autojump_clock, nursery):
    """Each as soon as it can be, many at a time; blocks and requests go on meanwhile."""
    handled = Handled()
    log = local_log()
    log.handlers = handled.handlers
    link = link_to(log, nursery)
    snapshot = await link.snapshot()
    nursery.start_soon(link.run)
    found = []

    async def ask(number):
        answer, place = await link.call(msgspec.structs.replace(CALL, body=b"%d" % number))
        found.append((answer.body, place))

    for number in range(100):
        nursery.start_soon(ask, number)
    await trio.testing.wait_all_tasks_blocked()
    assert link.submit(CancelMany(account=1, instrument=0)) == 101
    (block,) = blocks_after(START, 1)
    await log.append(block)
    assert await taken(link, snapshot.place, snapshot.position, 1) == [((0, 1), block)]
    await trio.testing.wait_all_tasks_blocked()
    assert (len(handled.called), len(handled.submitted), found) == (100, 1, [])

    async def read_on():
        await taken(link, (0, 1), block.ends, 1)

    nursery.start_soon(read_on)
    handled.answers.set()
    await trio.testing.wait_all_tasks_blocked()
    assert sorted(found) == sorted((b"%d" % number, (0, 7)) for number in range(100))
    await link.aclose()
    assert link.submit(CancelMany(account=1, instrument=0)) is None
    with pytest.raises(NotConnected, match="not connected to unix:/x"):
        await link.call(CALL)
    nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("message", "edge", "reason"),
    [
        (Submit(number=1, request=b"{}"), "one", "a request of a link is malformed"),
        (Submit(number=1, request=b"\xff"), "one", "a request of a link is malformed"),
        (submit(1), "", "it says Submit, which is not its turn"),
    ],
)
async def test_a_request_that_cannot_be_read_ends_the_link(autojump_clock, nursery, message, edge, reason):
    """Likewise one of somebody who has not said by which its requests are known."""
    log, hello = local_log(), msgspec.structs.replace(JOINS, edge=edge)
    with structlog.testing.capture_logs() as logged:
        reader = await Reader(nursery, log, hello).joined()
        await reader.say(message)
        await reader.read_all()
        await trio.testing.wait_all_tasks_blocked()
    assert (log.followers(), logged[-1]["reason"]) == ([], reason)
    nursery.cancel_scope.cancel()


async def test_nothing_that_was_asked_of_one_market_reaches_another(autojump_clock, nursery):
    """A sequencer that was started again gets neither what was on its way nor what waited."""
    logs = [local_log(), local_log(history=b"i" * 16)]
    handled = Handled()
    logs[1].handlers = handled.handlers

    async def connect():
        ours, its = trio.testing.memory_stream_pair()
        nursery.start_soon(logs[0].serve_link, its)
        return ours

    link = LocalLink("unix:/x", connect, name="edge", settings=Cluster(), random=lambda: 0.0)
    snapshot = await link.snapshot()
    nursery.start_soon(link.run)
    del logs[0]
    numbers = [link.submit(CancelMany(account=1, instrument=0))]
    await trio.testing.wait_all_tasks_blocked()
    numbers.append(link.submit(CancelMany(account=1, instrument=0)))
    await link.aclose()
    with pytest.raises(StartedAgain):
        await taken(link, snapshot.place, snapshot.position, 1)
    await trio.testing.wait_all_tasks_blocked()
    assert (numbers, handled.submitted) == ([1, 2], [])
    assert link.submit(CancelMany(account=3, instrument=0)) == 3
    await trio.testing.wait_all_tasks_blocked()
    assert [number for _, number, _ in handled.submitted] == [3]
    nursery.cancel_scope.cancel()


async def test_an_answer_is_given_once(autojump_clock, nursery):
    """One that comes again, or that nobody waits for any more, is passed over."""
    ours, its = trio.testing.memory_stream_pair()
    asking = Asking("unix:/x")
    nursery.start_soon(asking.run)
    asking.begin(ours, 0, same=True)
    with trio.move_on_after(1):
        await asking.call(CALL)
    answer = Answer(number=2, place=(0, 1), answer=ForwardedAnswer(status=200, headers=(), body=b""))
    found = []

    async def ask():
        found.append(await asking.call(CALL))

    nursery.start_soon(ask)
    await trio.testing.wait_all_tasks_blocked()
    for number in (1, 2, 2, 3):
        asking.answered(msgspec.structs.replace(answer, number=number))
    await trio.testing.wait_all_tasks_blocked()
    assert found == [(answer.answer, (0, 1))]
    assert [decode(one).number for one in Frames().feed(await its.receive_some())] == [1, 2]
    nursery.cancel_scope.cancel()
