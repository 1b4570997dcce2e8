"""Servers are killed and stopped under clients that read and clients that order."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from pathlib import Path

import attrs
import trio

from feed.config.reader import effective, read_settings
from tests.benchmarks.kill import http, undisturbed
from tests.benchmarks.kill.readers import Reader, Texts, private, subscriptions
from tests.benchmarks.kill.traders import TRADERS
from tests.benchmarks.kill.verdict import Verdict, judge_orders, judge_readers
from tests.benchmarks.servers.cluster import SCENARIO, Way
from tests.benchmarks.servers.log_tail import LogTail

PAIR = "BTCUSD"
HALT_SECONDS = 10
RECONNECT_SECONDS = 0.05
PATIENCE_SECONDS = 60
STANDS_BY = "stands by"
DEPOSED = "another server leads"
BUSY = "HTTP/1.1 503"


@attrs.define
class Killed:
    """
    What came of it.

    Attributes:
        verdict: What was lost, doubled, different.
        happened: What was done, and what then was seen, in order.
        closes: What closed connections said, and how often.
        blocks: Of each term of the log.
        requests: That the log has.
        market_seconds: How much the market has done.
    """

    verdict: Verdict = attrs.Factory(Verdict)
    happened: list[tuple[str, str]] = attrs.Factory(list)
    closes: Counter = attrs.Factory(Counter)
    blocks: Counter = attrs.Factory(Counter)
    requests: int = 0
    market_seconds: float = 0.0


class Run:
    """
    All that takes part.

    Args:
        cluster: The servers; none has been started.
        where: Their log.
        readers: Accounts that read, at each of the first three servers.
        traders: Accounts that order, and read what becomes of it.
        seconds: Between two things that are done to the servers.
    """

    def __init__(self, cluster, where, readers, traders, *, seconds):
        self.found = Killed()
        self._cluster = cluster
        self._accounts, self._trading = readers, traders
        self._seconds = seconds
        self._texts = Texts()
        self._tail = LogTail(where)
        self._readers = []
        self._at = {}  # the port at which each reader has connected last
        self._traders = []

    async def disturbed(self):
        """Everybody at work while servers are killed and stopped."""
        async with trio.open_nursery() as tailing:
            tailing.start_soon(self._tail.run)
            await self._disturbed()
            self._cluster.end()
            await self._tail.finish()  # what clients were told is in it, and may not be read yet
            tailing.cancel_scope.cancel()
        self.found.blocks = self._tail.blocks

    async def _disturbed(self):
        async with trio.open_nursery() as reading:
            sequencer = self._cluster.sequencer()
            await sequencer.open()
            servers = [sequencer, self._cluster.edge("edge 1"), self._cluster.edge("edge 2")]
            standby = self._cluster.standby("standby 1")
            for server in servers[1:]:
                await server.open()
            await standby.says(STANDS_BY)
            stopping = trio.Event()
            prices = await self._prices(sequencer.port)
            self._let_in(reading, servers)
            async with trio.open_nursery() as ordering:
                for number, account in enumerate(self._trading):
                    # As many of each kind at each server.
                    home = servers[number // len(TRADERS) % len(servers)]
                    trader = TRADERS[number % len(TRADERS)](account, random.Random(number), prices, PAIR)
                    self._traders.append(trader)
                    ordering.start_soon(trader.trade, Way(self._cluster, home), stopping)
                await self._all_have_gone_on()
                await trio.sleep(self._seconds)
                await self._kill_edge(servers[1])
                await trio.sleep(self._seconds)
                await self._kill_sequencer(sequencer, standby)
                await trio.sleep(self._seconds)
                await self._halt(standby)
                await trio.sleep(self._seconds)
                stopping.set()
            await self._all_have_gone_on()
            reading.cancel_scope.cancel()

    def _let_in(self, nursery, servers):
        public = subscriptions(PAIR)
        rails = [
            one
            for number, one in enumerate(self._trading)
            if TRADERS[number % len(TRADERS)].protocol == "rails"
        ]
        for server in servers:
            for number, account in enumerate(self._accounts):
                # Some of those at the sequencer go to whoever leads next, and see what that one does.
                way = Way(self._cluster, server, waits=number % 2 == 0)
                self._start(nursery, way, public[number % len(public)], account)
            for account in rails:
                self._start(nursery, Way(self._cluster, server), private(account), account)

    def _start(self, nursery, way, subscription, account):
        reader = Reader(subscription, account, self._texts)
        self._readers.append(reader)
        nursery.start_soon(self._read, reader, way)

    async def _read(self, reader, way):
        while True:
            await way.wait()
            try:
                port, shown = way.port, None
                if reader.subscription.by_token:
                    shown = await http.token(port, reader.account)
                async with await trio.open_tcp_stream("127.0.0.1", port) as stream:
                    self._at[reader] = port
                    if told := await reader.read(stream, shown):
                        self.found.closes[told] += 1
            except (OSError, trio.BrokenResourceError, http.ServerGone):
                pass
            reader.lost()
            await trio.sleep(RECONNECT_SECONDS)

    async def _kill_edge(self, edge):
        those, came = self._clients_of(edge), self._came()
        edge.kill()
        began = trio.current_time()
        await self._have_come(f"kill -9 of {edge.name}", those, came, began)

    async def _kill_sequencer(self, sequencer, standby):
        those, came, term = self._clients_of(sequencer), self._came(), max(self._tail.blocks)
        sequencer.kill()
        began = trio.current_time()
        await self._succeeds("kill -9 of the sequencer", standby, term, began)
        await self._have_come("", those, came, began)

    async def _halt(self, leader):
        successor = self._cluster.standby("standby 2")
        await successor.says(STANDS_BY)
        term = max(self._tail.blocks)
        leader.halt()
        began = trio.current_time()
        await self._succeeds(f"SIGSTOP of {leader.name}", successor, term, began)
        await trio.sleep_until(began + HALT_SECONDS)
        before, those, came = self._tail.blocks[term], self._clients_of(leader), self._came()
        leader.wake()
        began = trio.current_time()
        code = await leader.ended()
        self._happened(f"SIGCONT after {HALT_SECONDS} s", f"it ends after {_since(began)}, exit code {code}")
        said = leader.logged(DEPOSED)
        self._happened("", said or f"it does not say: {DEPOSED}")
        await self._have_come("", those, came, began)
        blocks = self._tail.blocks[term] - before
        self._happened("", f"{blocks} blocks of its term since it was woken")
        if blocks or not said:
            self.found.verdict.differing.append("who was deposed has gone on")

    async def _succeeds(self, what, successor, term, began):
        """Tell when a server has taken over from the leader of a term, to which something was done."""
        newest = await self._tail.term(term)
        self._happened(what, f"the log has a block of term {newest} after {_since(began)}")
        await self._tail.told(newest)
        self._happened("", f"its first event after {_since(began)}")
        await successor.open()
        self._happened("", f"{successor.name} lets clients in after {_since(began)}")

    def _happened(self, what, then):
        self.found.happened.append((what, then))
        print(f"  {what + ': ' if what else ''}{then}", flush=True)

    def _clients_of(self, member):
        return sum(port == member.port for port in self._at.values())

    def _came(self):
        """How often clients went on after a position, and how often they began anew."""
        return sum(one.resumed for one in self._readers), sum(len(one.parts) for one in self._readers)

    async def _have_come(self, what, clients, before, began):
        """Wait until so many clients are elsewhere, and hear something there."""
        with trio.move_on_after(PATIENCE_SECONDS):
            while sum(self._came()) < sum(before) + clients:  # noqa: ASYNC110 - as below
                await trio.sleep(RECONNECT_SECONDS)
        await self._all_have_gone_on()
        resumed, anew = (now - then for now, then in zip(self._came(), before, strict=True))
        told = f"of its {clients} clients {resumed} have resumed elsewhere, {anew} begun anew"
        self._happened(what, f"{told}, after {_since(began)}")

    async def _all_have_gone_on(self):
        """Wait until everybody who resumes has heard something on its present connection."""
        waited_for = [one for one in self._readers if one.subscription.public_and_resumes]
        with trio.move_on_after(PATIENCE_SECONDS):
            # An event for each message would slow them.
            while not all(one.heard for one in waited_for):  # noqa: ASYNC110
                await trio.sleep(RECONNECT_SECONDS)
        silent = [one.subscription.protocol for one in waited_for if not one.heard]
        self.found.verdict.differing += [f"{name}: hears nothing any more" for name in silent]

    async def _prices(self, port):
        """Far below the market, and above it: whole dollars."""
        while True:
            _, book = await http.ask(port, "GET", "/v1/market/book?symbol=BTC-USD&depth=1")
            if book["bids"]:
                price = float(book["bids"][0][0])
                return f"{round(price * 0.8)}", f"{round(price * 1.02)}"
            await trio.sleep(RECONNECT_SECONDS)

    def judge(self, settings):
        """Compare with a server that nothing was done to, which is given the requests of the log."""
        tail, found = self._tail, self.found
        until = max([tail.market_time, *(entry.at for entry in tail.requests)])
        print(f"  {len(tail.requests)} requests in the log; the other server begins", flush=True)
        wanted = {}
        for reader in self._readers:
            # What a server says that may take no more now: clients come again.
            reader.refusals = [text for text in reader.refusals if not text.startswith(BUSY)]
            other = Reader(reader.subscription, reader.account, self._texts)
            wanted.setdefault(reader.subscription.name, other)
        acted = trio.run(partial(undisturbed.listen, settings, tail.requests, until, [*wanted.values()]))
        judge_orders(found.verdict, self._traders, acted)
        judge_readers(found.verdict, self._readers, wanted, self._texts)
        found.requests = len(tail.requests)
        found.market_seconds = (until - tail.began) / 1e9


def settings_of(keys, config):
    """Of the server that nothing is done to."""
    settings = effective(read_settings(Path(config)), {}).settings
    return attrs.evolve(settings, scenario=str(SCENARIO), keys=keys)


def _since(began):
    return f"{trio.current_time() - began:.2f} s"
