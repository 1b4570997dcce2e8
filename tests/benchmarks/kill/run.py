"""The run: a server, its clients, and who kills it."""

from __future__ import annotations

import math
import random
import statistics
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs
import trio

from feed.config.reader import effective, read_settings
from tests.benchmarks import accounts
from tests.benchmarks.kill import http, undisturbed
from tests.benchmarks.kill.readers import Reader, Texts, private, subscriptions
from tests.benchmarks.kill.server import Server
from tests.benchmarks.kill.traders import TRADERS
from tests.benchmarks.kill.verdict import Verdict, judge_orders, judge_readers

RECONNECT_SECONDS = 0.05
PATIENCE_SECONDS = 60
MARKET_SEED = 7


@attrs.frozen(kw_only=True)
class Plan:
    """
    What is to happen.

    Attributes:
        kills: How often the server is killed.
        traders: Clients that order.
        readers: Clients that read.
        seconds: For which a server lets clients in at most, until it is killed.
        starting: The share of them that is killed as soon as it has started, or while it does.
        instruments: Of the market; None for the default market.
        sync: When inputs are on the disk.
        seed: Of the moments and the orders.
        minutes: After which no more are killed, whatever was planned.
        settled: The share of the others that is killed only once everybody who resumes has gone on.
    """

    kills: int
    traders: int
    readers: int
    seconds: float
    starting: float
    instruments: int | None
    sync: str
    seed: int
    minutes: float = math.inf
    settled: float = 0.5

    @property
    def binance_pair(self):
        """Bitcoin: a market of few instruments has one venue, and its pairs are in dollars."""
        return "BTCUSD" if self.instruments else "BTCUSDT"


@attrs.define
class Found:
    """
    What came of it.

    Attributes:
        verdict: What was lost, doubled, different.
        killed_ready: How often a server was killed that let clients in.
        killed_starting: How often one that did not yet.
        starts: Seconds until a server let clients in.
        market_seconds: How much the market has done.
        exit_code: Of the last server, which was asked to stop.
    """

    verdict: Verdict = attrs.Factory(Verdict)
    killed_ready: int = 0
    killed_starting: int = 0
    starts: list[float] = attrs.Factory(list)
    market_seconds: float = 0.0
    exit_code: int = 0


class Run:
    """All that takes part."""

    def __init__(self, plan, folder, tell):
        self.plan = plan
        self.found = Found()
        self.data = Path(folder, "data")
        self._chance = random.Random(plan.seed)
        self._tell = tell
        self._start = datetime.now(UTC).replace(microsecond=0).isoformat()
        traders, readers = plan.traders, plan.readers
        self._accounts = [accounts.Account.numbered(number) for number in range(1, traders + readers + 1)]
        self._keys, self._config = accounts.write(self._accounts, folder)
        options = ("--keys", self._keys, "--config", self._config, "--data", self.data, "--sync", plan.sync)
        market = ("--seed", MARKET_SEED, "--start", self._start)
        few = ("--instruments", plan.instruments) if plan.instruments else ()
        self.server = Server([*options, *market, *few], self.data, Path(folder, "server.log"))
        self.texts = Texts()
        self.traders = []
        public = subscriptions(plan.binance_pair)
        self.readers = [
            Reader(public[at % len(public)], account, self.texts)
            for at, account in enumerate(self._accounts[traders:])
        ]

    async def disturbed(self):
        """Everybody at work, and the server killed as often as planned."""
        stopping = trio.Event()
        self._began = trio.current_time()
        self.server.start()
        await self.server.open()
        prices = await self._prices()
        for at, account in enumerate(self._accounts[: self.plan.traders]):
            kind = TRADERS[at % len(TRADERS)]
            self.traders.append(
                kind(account, random.Random(self._chance.random()), prices, self.plan.binance_pair)
            )
        watched = [one for one in self.traders if one.protocol == "rails"]
        self.readers += [Reader(private(one.account), one.account, self.texts) for one in watched]
        async with trio.open_nursery() as reading:
            for reader in self.readers:
                reading.start_soon(self._read, reader)
            async with trio.open_nursery() as ordering:
                for trader in self.traders:
                    ordering.start_soon(trader.trade, self.server, stopping)
                await self._kill_often()
                await self._all_have_gone_on()
                stopping.set()
            await self._all_have_gone_on()
            reading.cancel_scope.cancel()
        self.found.exit_code = await trio.to_thread.run_sync(self.server.stop)
        self.found.starts = self.server.starts
        self.found.verdict.left = await trio.to_thread.run_sync(self.server.left_behind)

    async def _kill_often(self):
        give_up = trio.current_time() + self.plan.minutes * 60
        for at in range(self.plan.kills):
            if trio.current_time() > give_up:
                break
            if self._chance.random() >= self.plan.starting:
                if not self.server.ready.is_set():
                    await self.server.open()
                if self._chance.random() < self.plan.settled:
                    await self._all_have_gone_on()
                await trio.sleep(self._chance.uniform(0, self.plan.seconds))
            else:
                with trio.move_on_after(self._chance.uniform(0, 2 * statistics.mean(self.server.starts))):
                    await self.server.open()
            if self.server.ready.is_set():
                self.found.killed_ready += 1
            else:
                self.found.killed_starting += 1
            self.server.kill()
            self.server.start()
            if (at + 1) % 10 == 0:
                self._tell(f"  {at + 1} kills, {self._progress()}")
        await self.server.open()

    def _progress(self):
        orders = sum(len(trader.answered) for trader in self.traders)
        resumes = sum(reader.resumed for reader in self.readers)
        last = statistics.median(self.server.starts[-10:])
        seconds = trio.current_time() - self._began
        return f"{orders} orders answered, {resumes} resumes, ready after {last:.1f} s; {seconds:.0f} s"

    async def _all_have_gone_on(self):
        """Wait until everybody who resumes has heard something of the present server."""
        with trio.move_on_after(PATIENCE_SECONDS):
            waited_for = [one for one in self.readers if one.subscription.public_and_resumes]
            while not all(one.heard for one in waited_for):  # noqa: ASYNC110 - an event for each message would slow them
                await trio.sleep(RECONNECT_SECONDS)

    async def _read(self, reader):
        while True:
            ready = self.server.ready
            await ready.wait()
            try:
                shown = None
                if reader.subscription.by_token:
                    shown = await http.token(self.server.port, reader.account)
                async with await trio.open_tcp_stream("127.0.0.1", self.server.port) as stream:
                    if told := await reader.read(stream, shown):
                        reader.refusals.append(f"closed: {told}")
            except (OSError, trio.BrokenResourceError, http.ServerGone):
                pass
            reader.lost()
            await trio.sleep(RECONNECT_SECONDS)

    async def _prices(self):
        """Far below the market, and above it: whole dollars."""
        while True:
            _, book = await http.ask(self.server.port, "GET", "/v1/market/book?symbol=BTC-USD&depth=1")
            if book["bids"]:
                price = float(book["bids"][0][0])
                return f"{round(price * 0.8)}", f"{round(price * 1.02)}"
            await trio.sleep(RECONNECT_SECONDS)

    def judge(self):
        """Compare with a server that was never killed."""
        entries = undisturbed.requests_in(self.data)
        until = max([time.time_ns(), *(entry.at for entry in entries)])
        start = int(datetime.fromisoformat(self._start).timestamp()) * 10**9
        self.found.market_seconds = (until - start) / 1e9
        self._tell(f"  {len(entries)} requests in the log; the other server begins")
        settings = attrs.evolve(
            effective(read_settings(self._config), {}).settings,
            seed=MARKET_SEED,
            start=start,
            instruments=self.plan.instruments,
            keys=self._keys,
        )
        wanted = {}
        for reader in self.readers:
            wanted.setdefault(
                reader.subscription.name, Reader(reader.subscription, reader.account, self.texts)
            )
        acted = trio.run(partial(undisturbed.listen, settings, entries, until, [*wanted.values()]))
        judge_orders(self.found.verdict, self.traders, acted)
        judge_readers(self.found.verdict, self.readers, wanted, self.texts)


def run(plan, folder, tell=print):
    """Kill, and compare."""
    one = Run(plan, folder, tell)
    try:
        trio.run(one.disturbed)
    finally:
        one.server.end()
    one.judge()
    return one.found
