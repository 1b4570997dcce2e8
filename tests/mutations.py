"""
Faults put into the code on purpose, one at a time, each of which some test must notice.

Run it as ``python -m tests.mutations`` in a checkout whose package and test requirements are installed
(``tox -e mutations``); a name given picks the faults whose name has it. It prints one line a fault: the
first test that failed, or that none did, and exits with 1 then. The checkout is not changed: the tests
run against a copy of the package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "feed"
MOST_SECONDS = 300  # a fault can make a test hang


@attrs.frozen
class Mutation:
    """
    One fault.

    Attributes:
        name: What is wrong, in words.
        path: The module, below ``feed/``.
        old: What stands there, once.
        new: What takes its place.
        tests: Files of which one must fail, below ``tests/``.
    """

    name: str
    path: str
    old: str
    new: str
    tests: tuple[str, ...]


BETWEEN_STEPS = ("server/test_between_steps.py",)
BLOCKS = (
    "cluster/test_block.py",
    "cluster/test_sequence.py",
    "cluster/test_retention.py",
    "cluster/test_snapshot.py",
)
REDIS_LOG = ("cluster/redis/test_redis_log.py",)
REDIS_REQUESTS = ("cluster/redis/test_redis_requests.py",)
MONEY = ("sim/test_what_an_account_can_carry.py", "sim/test_clients.py")
AGREEMENT = ("dialects/test_agreement.py",)
MARKETAI = ("dialects/marketai/test_data.py",)

LOG = ("durability/test_input_log.py", "durability/test_log_on_a_bad_disk.py")
FOLDER = ("durability/test_data_folder.py", "durability/test_horizon.py", "durability/test_disk.py")
RECORDED = ("book/test_queue_position.py", "book/test_account_book.py", "sim/test_recorded_orders.py")
CATCHING_UP = ("server/durable/test_catching_up.py",)
SERVICES = ("server/durable/test_service_log.py", "server/durable/test_services.py")
CHECKPOINTS = (
    "server/durable/test_checkpoint_maker.py",
    "server/durable/test_restoring.py",
    "server/durable/test_resumed_after_restart.py",
)

GRAPH = ("checkpoint/test_object_graph.py",)

LOCAL_LOG = ("cluster/test_local_log.py",)
COUNTS = ("cluster/test_counts.py",)
SEQUENCED = ("cluster/test_sequencer.py", "cluster/test_sequenced_market.py")

MUTATIONS = (
    Mutation(
        "a deque comes back from a checkpoint without its bound",
        "checkpoint/writing.py",
        "[one.maxlen for one in objects]",
        "[None for _ in objects]",
        GRAPH,
    ),
    Mutation(
        "a stream of random numbers comes back without the normal that it holds ready",
        "checkpoint/making.py",
        "tuple(words), rest))",
        "tuple(words), None))",
        GRAPH,
    ),
    Mutation(
        "a data folder is gone on with whatever became of its agents",
        "server/durable/market_engine.py",
        "filter(None, (engine_digest(), code))",
        "filter(None, (engine_digest(), code[:0]))",
        ("server/durable/test_market_engine.py",),
    ),
    Mutation(
        "a server that was killed as soon as it was ready computes all of it again",
        "server/durable/catching_up.py",
        "        if computed >= self._every or (",
        "        if (",
        CATCHING_UP,
    ),
    Mutation(
        "the server's checkpoint forgets what its alerts have seen meanwhile",
        "server/durable/catching_up.py",
        "            self._state.services.published(fanout.hub.seq, rows)\n",
        "",
        CATCHING_UP,
    ),
    Mutation(
        "the server's checkpoint is made before what waits for webhooks stands in the log",
        "server/durable/catching_up.py",
        "            for entry in await self._commits.write_waiting():\n",
        "            for entry in ():\n",
        CATCHING_UP,
    ),
    Mutation(
        "a checkpoint is written without a look at what was published",
        "server/durable/checkpoint_maker.py",
        "        follower.check(StreamPosition(published.seq, published.proof))\n",
        "",
        CHECKPOINTS,
    ),
    Mutation(
        "the history of a checkpoint that was not written is left there",
        "server/durable/checkpoint_files.py",
        "                disk.remove(checkpoint.history_name)\n",
        "                pass\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a history file has the events of those before it again",
        "server/durable/follower.py",
        "        self._stream.history.restore((), self._stream.market_state)\n",
        "        pass\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a checkpoint forgets the projections that go with it",
        "server/stream_state.py",
        "            project(seq, row, proof)\n",
        "            pass\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a checkpoint of inputs that a power cut has taken is used",
        "server/durable/restoring.py",
        "    if header.record > last_record:\n",
        "    if header.record > last_record + 1000:\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a checkpoint of the history before is used",
        "server/durable/restoring.py",
        'if manifest is None or roots["history"] != manifest.history:',
        "if manifest is None:",
        CHECKPOINTS,
    ),
    Mutation(
        "history files are put together whatever they prove",
        "server/durable/history_files.py",
        "    if header.last != (last.seq, last.proof):\n",
        "    if header.last[0] != last.seq:\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a damaged log is taken for one with a torn end",
        "durability/segments.py",
        "    if end < durable:\n",
        "    if end < 0:\n",
        LOG,
    ),
    Mutation(
        "a record of the log need not follow the one before",
        "durability/record_framing.py",
        "and (frame.before, frame.first) == (before, number):",
        "and number:",
        LOG,
    ),
    Mutation(
        "what was written before a failed sync is still believed",
        "durability/input_log.py",
        "        except OSError:\n            self.failed = True\n            raise\n",
        "        except OSError:\n            raise\n",
        LOG,
    ),
    Mutation(
        "what a dead server wrote is believed to be on the disk",
        "durability/input_log.py",
        "        if in_doubt or segment.rest:\n",
        "        if segment.rest:\n",
        LOG,
    ),
    Mutation(
        "the horizon overwrites the slot that is good",
        "durability/horizon.py",
        "_SLOT * (counter % 2 == 0)",
        "0",
        FOLDER,
    ),
    Mutation(
        "a log that lost its end goes on",
        "durability/input_log.py",
        "        if last < known:\n",
        "        if last < 0:\n",
        FOLDER,
    ),
    Mutation(
        "records go that the oldest checkpoint lacks",
        "durability/data_folder.py",
        "min((good[seq] for seq in kept), default=0)",
        "max((good[seq] for seq in kept), default=0)",
        FOLDER,
    ),
    Mutation(
        "a full disk leaves half an append in a file",
        "durability/disk.py",
        "            self._torn = True\n",
        "            self._torn = False\n",
        FOLDER,
    ),
    Mutation(
        "a cancel of unnamed orders is taken from ahead of a client alone",
        "book/queue_position.py",
        "return min(self.ahead, self.ahead * lots // whole)",
        "return min(self.ahead, lots * UNIT)",
        RECORDED,
    ),
    Mutation(
        "a recorded trade and the decrease of its level count twice",
        "book/queue_position.py",
        "            _remember(self._trades, (now, lots))\n",
        "            pass\n",
        RECORDED,
    ),
    Mutation(
        "a client's order fills before those ahead of it have",
        "book/queue_follower.py",
        "(lots - got) * UNIT - self._ahead(order, place)",
        "(lots - got) * UNIT",
        RECORDED,
    ),
    Mutation(
        "what an account has taken of a recording can be taken again",
        "book/account_queues.py",
        "        taken.ahead += lots * UNIT\n",
        "        taken.ahead += 0\n",
        RECORDED,
    ),
    Mutation(
        "everybody sees what an account trades in a recording",
        "sim/clearing.py",
        "if type(row) is not AccountRow:",
        "if row:",
        RECORDED,
    ),
    Mutation(
        "a change of a level that is not there goes unnoticed",
        "importers/verified_books.py",
        "action in {Action.UPDATE, Action.DELETE} and not there",
        "action is Action.DELETE and not there",
        ("importers/test_verified_books.py",),
    ),
    Mutation(
        "of two recordings the later one's events of equal time come first",
        "recording/time_order.py",
        "waiting[0][:2] < due[0][:2]",
        "waiting[0][0] < due[0][0]",
        ("recording/test_time_order.py",),
    ),
    Mutation(
        "a book passes from one recording to the next with its old levels",
        "recording/merging.py",
        "if before != number and kind != CLEAR:",
        "if before == number and kind != CLEAR:",
        ("recording/test_merging.py",),
    ),
    Mutation(
        "orders of two recordings share their ids",
        "recording/merge_plan.py",
        "offset = most + 1 - low",
        "offset = most - low",
        ("recording/test_merging.py",),
    ),
    Mutation(
        "files of one day are read one after the other",
        "importers/tables.py",
        "one.last > following.first",
        "one.last > following.last",
        ("importers/test_tape.py",),
    ),
    Mutation(
        "a call auction leaves more over than it must",
        "book/auction.py",
        "rank = -volume, abs(imbalance), abs(price - reference)",
        "rank = -volume, abs(price - reference), abs(imbalance)",
        ("book/test_auction.py",),
    ),
    Mutation(
        "a call auction trades with those who came last",
        "book/auction.py",
        "return sorted(orders, key=lambda order: order.rank)",
        "return sorted(reversed(orders), key=lambda order: order.rank)",
        ("book/test_auction.py",),
    ),
    Mutation(
        "an order that takes part in a call auction is told to be cancelled",
        "sim/clearing.py",
        "if row[1] == self._uncrossing and row[0] == REDUCE:",
        "if False:",
        ("sim/test_auctions.py",),
    ),
    Mutation(
        "an agent sees what has not reached it yet",
        "sim/agent_link.py",
        "seen = now - self.spec.data_latency",
        "seen = now",
        ("agents/test_agents.py",),
    ),
    Mutation(
        "an order of an agent that takes part in a call auction is told to be cancelled",
        "sim/agent_gateway.py",
        "if number not in self._exchange.auctions.get(live.instrument, ()):",
        "if True:",
        ("agents/test_agents.py",),
    ),
    Mutation(
        "the orders of an agent that has stopped stay on the book",
        "sim/agent_link.py",
        "self._exchange.disconnect(self, now)",
        "pass",
        ("agents/test_agents.py",),
    ),
    Mutation(
        "a scenario that is not the operator's may name code",
        "scenario/consistency.py",
        "if check_agent is None:",
        "if False:",
        ("agents/test_loading.py",),
    ),
    Mutation(
        "a handshake is answered in the middle of a step",
        "server/connection/connection.py",
        "            await self._registry.fanout.at_rest()\n            self._actions.apply(",
        "            self._actions.apply(",
        BETWEEN_STEPS,
    ),
    Mutation(
        "who resumes is told the past in the middle of a step",
        "stream/fanout.py",
        "                await self.at_rest()\n",
        "",
        (
            "stream/test_replay.py",
            "stream/test_fanout.py",
            "server/test_between_steps.py",
            "server/test_resume.py",
        ),
    ),
    Mutation(
        "a connection that is over begins a task",
        "server/connection/connection.py",
        "                    self._nursery = None ",
        "                    pass ",
        ("server/connection/test_streams.py",),
    ),
    Mutation(
        "a message acts in the middle of a step",
        "server/connection/connection.py",
        "                await at_rest()\n",
        "",
        BETWEEN_STEPS,
    ),
    Mutation(
        "a session speaks of its own accord in the middle of a step",
        "server/connection/connection.py",
        "                await self._registry.fanout.at_rest()\n",
        "",
        BETWEEN_STEPS,
    ),
    Mutation(
        "a connection is ended in the middle of a step",
        "server/connection/connection.py",
        "        await self._registry.fanout.at_rest()\n        if why.at_once",
        "        if why.at_once",
        BETWEEN_STEPS,
    ),
    Mutation(
        "a market in lockstep waits for who only watches",
        "stream/hub.py",
        " or member.observer",
        "",
        ("server/test_playout.py",),
    ),
    Mutation(
        "who only watches begins a market that waits for clients",
        "stream/hub.py",
        " - watching",
        "",
        ("server/test_playout.py",),
    ),
    Mutation(
        "whom a fault strikes depends on who only watches",
        "faults/engine.py",
        "self._observers if connection.send_buffer.observer else self._arrivals",
        "self._arrivals",
        ("server/test_faults.py",),
    ),
    Mutation(
        "a tap stays on a connection that nobody looks at any more",
        "server/connection/stream.py",
        "            self._tap = None\n            self._reroute()\n",
        "            pass\n",
        ("server/http/test_connections.py",),
    ),
    Mutation(
        "who goes on looking at a connection does not keep its tap",
        "server/connection/tap.py",
        "        tap.renew()\n        return tap",
        "        tap.until = tap.until or trio.current_time() + WATCHED_SECONDS\n        return tap",
        ("server/http/test_connections.py",),
    ),
    Mutation(
        "the page is shown to programs that take anything",
        "server/http/page.py",
        '        if kind == "text/html":\n',
        '        if kind in ("text/html", "*/*"):\n',
        ("server/http/test_page.py",),
    ),
    Mutation(
        "a request by HTTP is answered in the middle of a step",
        "server/http/handlers.py",
        "            await fanout.at_rest()\n",
        "",
        BETWEEN_STEPS,
    ),
    Mutation(
        "servers are not told what others have counted",
        "cluster/counts.py",
        "                untold.update(keys)\n",
        "                pass\n",
        COUNTS,
    ),
    Mutation(
        "what a dead edge has counted goes on counting",
        "cluster/counts.py",
        "        self._note(server, self._servers.pop(server, {}))\n",
        "",
        COUNTS,
    ),
    Mutation(
        "a resume is refused for connections to other servers",
        "server/limits.py",
        "self._taken.get(who, 0) if resuming else self.taken(who)",
        "self.taken(who)",
        COUNTS,
    ),
    Mutation(
        "an edge tells a new connection only what has changed since the last",
        "cluster/asking.py",
        "        self._stream, self._told = stream, {}\n",
        "        self._stream = stream\n",
        ("cluster/test_local_link.py",),
    ),
    Mutation(
        "an edge gives an answer before it has published what that speaks of",
        "cluster/calls.py",
        "                await self._reached(place)\n",
        "",
        ("cluster/test_calls.py",),
    ),
    Mutation(
        "an answer names a block before the one that has what was changed",
        "cluster/sequencer.py",
        "        await self.flush()\n        if self._writing:\n            await self._written.park()\n",
        "",
        ("cluster/test_sequencer.py",),
    ),
    Mutation(
        "an edge answers itself what must be answered where the market is",
        "cluster/calls.py",
        "return endpoint.at_sequencer or endpoint.path in self._also",
        "return endpoint.path in self._also",
        ("cluster/test_edge_services.py",),
    ),
    Mutation(
        "a change stands in every block after it",
        "cluster/sequence.py",
        "entries, self._entries = self._entries, []",
        "entries = self._entries",
        BLOCKS,
    ),
    Mutation(
        "what is beside the market is not carried on",
        "cluster/replica.py",
        "            self._services.apply(entry)\n",
        "            pass\n",
        BLOCKS,
    ),
    Mutation(
        "a block that is known is taken again",
        "cluster/replica.py",
        "        if place <= self.place:\n            return\n",
        "",
        BLOCKS,
    ),
    Mutation(
        "who joins late has every fault of the scenario anew",
        "cluster/replica.py",
        "        self._faults.published(self.position.seq, self._stream.market_state.now, rows)\n",
        "",
        BLOCKS,
    ),
    Mutation(
        "a standstill begins anew with each snapshot",
        "cluster/replica.py",
        "self._stream.market_state.now, snapshot.stood",
        "self._stream.market_state.now, 0",
        BLOCKS,
    ),
    Mutation(
        "a block is not held against its proof",
        "cluster/block.py",
        "    if joined_proof(block.rows, block.before_proof) != block.proof:\n",
        "    if not block:\n",
        BLOCKS,
    ),
    Mutation(
        "a block is not held against what is known",
        "cluster/block.py",
        "    if block.before == position.seq and block.begins != position:\n",
        "    if not block:\n",
        BLOCKS,
    ),
    Mutation(
        "a follower is sent a block twice",
        "cluster/retention.py",
        "return place[1] - self.oldest[1] + 1",
        "return max(0, place[1] - self.oldest[1])",
        BLOCKS,
    ),
    Mutation(
        "blocks after the newest snapshot are forgotten",
        "cluster/retention.py",
        "        while self._kept and self.oldest <= snapshot.place:\n",
        "        while self._kept:\n",
        BLOCKS,
    ),
    Mutation(
        "a step is published before the log has it",
        "stream/fanout.py",
        "rows, links = batch.rows, await self._append(batch)\n",
        "rows, links = batch.rows, None\n",
        ("stream/test_fanout.py",),
    ),
    Mutation(
        "a batch that is published at once overtakes those on their way",
        "stream/fanout.py",
        "        idle, self._idle = self._idle, False\n",
        "        idle = True\n",
        ("stream/test_publish_at_once.py",),
    ),
    Mutation(
        "pieces of a standstill that wait together are told as one",
        "stream/fanout.py",
        "                if more.stood:\n                    following = more\n                    break\n",
        "                batch = Batch(batch.rows, batch.made, batch.stood + more.stood)\n",
        ("stream/test_fanout.py",),
    ),
    Mutation(
        "a change is made while a step is being written",
        "stream/fanout.py",
        "while self._busy or self._appending:",
        "while self._busy:",
        ("stream/test_fanout.py",),
    ),
    Mutation(
        "requests of clients act last come, first served",
        "sim/runner.py",
        "self._requests.popleft()",
        "self._requests.pop()",
        ("sim/test_runner.py",),
    ),
    Mutation(
        "a request acts before it is journalled",
        "sim/runner.py",
        "            if not self._journal(entry):\n",
        "            rows = self.control.submit(request)\n            if self._journal(entry):\n"
        "                return rows\n            else:\n",
        ("sim/test_runner.py", "server/test_journal.py"),
    ),
    Mutation(
        "a market order that sells goes one tick too far",
        "sim/order_checks.py",
        "max(1, bid - bid * order.slippage // PARTS)",
        "max(1, bid - bid * order.slippage // PARTS - 1)",
        MONEY,
    ),
    Mutation(
        "a market order that buys goes one tick too far",
        "sim/order_checks.py",
        "ask + ask * order.slippage // PARTS",
        "ask + ask * order.slippage // PARTS + 1",
        MONEY,
    ),
    Mutation(
        "the fee is left out of what backs an order",
        "sim/order_checks.py",
        "        fee = value * self._clearing.trading.taker_fee // PARTS\n",
        "        fee = 0\n",
        MONEY,
    ),
    Mutation(
        "what is held is marked at the middle rounded up",
        "sim/market.py",
        "(book.bid + book.ask) // 2 if",
        "(book.bid + book.ask + 1) // 2 if",
        MONEY,
    ),
    Mutation(
        "the mark price of a future is rounded down",
        "sim/perpetual.py",
        "(self._index2 + round(self._apart) + 1) // 2",
        "(self._index2 + round(self._apart)) // 2",
        ("sim/test_perpetual.py",),
    ),
    Mutation(
        "funding is paid to accounts and by nobody",
        "model/accounts.py",
        "            self[PARTICIPANTS].position(at).funding -= item.amount\n",
        "",
        ("sim/test_risk.py",),
    ),
    Mutation(
        "funding is rounded in favour of whoever pays",
        "sim/risk.py",
        "amount = -(lots * mark * clearing.accounts.money.scales[at] * rate) // RATE_ONE",
        "amount = -(lots * mark * clearing.accounts.money.scales[at] * rate // RATE_ONE)",
        ("sim/test_risk.py",),
    ),
    Mutation(
        "a position is liquidated a unit of money too late",
        "sim/risk.py",
        "if margin.equity < margin.maintenance:",
        "if margin.equity < margin.maintenance - 1:",
        ("sim/test_risk.py",),
    ),
    Mutation(
        "a stop acts a tick past its trigger",
        "model/trading.py",
        "return mark >= price if",
        "return mark > price if",
        ("sim/test_orders.py",),
    ),
    Mutation(
        "a position is closed a tick past its stop loss",
        "model/accounts.py",
        "if price and exits.reached(closing, price, mark):",
        "if price and exits.reached(closing, price, mark) and price != mark:",
        ("sim/test_positions.py",),
    ),
    Mutation(
        "a position keeps the exits of the one that it has replaced",
        "model/accounts.py",
        "            position.stop_loss = position.take_profit = 0\n",
        "",
        ("sim/test_positions.py",),
    ),
    Mutation(
        "what makes a position smaller says where the rest of it ends",
        "model/accounts.py",
        "if position.lots * lots > 0:",
        "if position.lots:",
        ("sim/test_positions.py",),
    ),
    Mutation(
        "reduce-only orders rest beside others without regard to them",
        "sim/order_checks.py",
        "return max(0, abs(lots) - others)",
        "return abs(lots)",
        ("sim/test_orders.py", "sim/test_conservation.py"),
    ),
    Mutation(
        "what a trade costs is not taken from the wallet",
        "model/wallets.py",
        "wallet.balances[paid_in].total -= item.commission",
        "wallet.balances[paid_in].total -= 0",
        ("sim/test_spot_orders.py",),
    ),
    Mutation(
        "a buy order locks no fee",
        "sim/spot_funds.py",
        "return value + value * max(order.maker_fee, order.taker_fee) // PARTS",
        "return value",
        ("sim/test_spot_orders.py",),
    ),
    Mutation(
        "what a stop order trades sets off no other one",
        "sim/spot_trading.py",
        "due += self._reached(acted)",
        "due += []",
        ("sim/test_spot_orders.py",),
    ),
    Mutation(
        "stop orders act after the market has gone on",
        "sim/clients.py",
        "acted = self._run.advance(until, 1)",
        "acted = self._run.advance(until, limit)",
        ("sim/test_spot_orders.py",),
    ),
    Mutation(
        "an order that puts nothing more at stake is a matter of funds",
        "sim/order_checks.py",
        "        if after <= position.exposure:\n            return True\n",
        "",
        MONEY,
    ),
    Mutation(
        "an order of the same stake is a matter of funds",
        "sim/order_checks.py",
        "after <= position.exposure",
        "after < position.exposure",
        MONEY,
    ),
    Mutation(
        "accounts of tier pro have the connections of tier free in Rails",
        "dialects/rails/admission.py",
        "(Tier.PRO, Tier.MAX)",
        "(Tier.MAX,)",
        ("dialects/rails/test_requests.py",),
    ),
    Mutation(
        "accounts of tier basic have the connections of tier pro in Rails",
        "dialects/rails/admission.py",
        "(Tier.PRO, Tier.MAX)",
        "(Tier.BASIC, Tier.PRO, Tier.MAX)",
        ("dialects/rails/test_requests.py",),
    ),
    Mutation(
        "a ticker speaks in the middle of what one action does",
        "state/instrument_state.py",
        "told[1][10] != UNKNOWN or self.one_sided",
        "self.one_sided",
        AGREEMENT,
    ),
    Mutation(
        "a ticker does not speak of trades at the same best prices",
        "state/instrument_state.py",
        "        elif self.unquoted:\n            self._complete((seq, row, proof))\n",
        "",
        AGREEMENT,
    ),
    Mutation(
        "a ticker stands before the trade that it reports",
        "dialects/ticker.py",
        "    rank = SUMMARY\n",
        "",
        AGREEMENT,
    ),
    Mutation(
        "a dollar is any dollar where both are listed",
        "model/symbols.py",
        "if found is None and self._one_dollar:",
        "if found is None:",
        ("dialects/test_spelling.py",),
    ),
    Mutation(
        "a client's id in other case is another one",
        "sim/order_entry.py",
        "if caseless(request.request) in self._accounts.find(request.account).requests:",
        "if request.request in self._accounts.find(request.account).requests:",
        ("sim/test_clients.py",),
    ),
    Mutation(
        "a new round shows the last price of the settled one",
        "dialects/marketai/samples.py",
        "elif trade is not None and trade.seq > found.seq:",
        "elif trade is not None:",
        MARKETAI,
    ),
    Mutation(
        "a round of which nothing is left is active",
        "dialects/marketai/samples.py",
        " and now < found.closes and",
        " and",
        MARKETAI,
    ),
    Mutation(
        "a cascade counts positions",
        "analytics/signals/trades.py",
        "sum(it[2] for it in mine)",
        "len(mine)",
        MARKETAI,
    ),
    Mutation(
        "a funding spike calls the predicted rate the rate",
        "analytics/signals/funding.py",
        "figures = (row[3],",
        "figures = (predicted,",
        MARKETAI,
    ),
    Mutation(
        "a wall is reported removed that was never reported",
        "analytics/signals/books.py",
        "if announced and levels",
        "if levels",
        ("analytics/signals/test_detectors.py",),
    ),
    Mutation(
        "a key stands in the log of messages",
        "server/redaction.py",
        "secret or _SECRET_NAME.search(name) is not None",
        "secret",
        ("server/test_redaction.py", "server/message_log/test_log.py"),
    ),
    Mutation(
        "webhooks may go to what Python's tables call public",
        "webhooks/addresses.py",
        " and not any(address in network for network in _NEVER)",
        "",
        ("webhooks/test_addresses.py",),
    ),
    Mutation(
        "a change is told of before it is durable",
        "dialects/rest.py",
        "            await context.durable()\n",
        "            pass\n",
        SERVICES,
    ),
    Mutation(
        "a clock command is told of before it is durable",
        "server/http/admin.py",
        "        context.service_log.recorded()\n",
        "        pass\n",
        ("server/durable/test_services_of_a_folder.py",),
    ),
    Mutation(
        "an order acts before its nonce is recorded",
        "server/http/context.py",
        "        self.service_log.put_nonces()\n",
        "",
        SERVICES,
    ),
    Mutation(
        "an alert sees what was published before it was made",
        "analytics/alerts.py",
        "trade.seq <= self.after or",
        "",
        ("server/durable/test_service_state.py",),
    ),
    Mutation(
        "what a webhook was told is told again after a restart",
        "server/webhooks/records.py",
        "if seq < self.seq or name in self.names:",
        "if seq < 0:",
        SERVICES,
    ),
    Mutation(
        "a stream key outlives what it stands on, where that changes during a restart",
        "server/stream_keys.py",
        ' or entry.credentials_mark != one["credentials"]',
        "",
        SERVICES,
    ),
    Mutation(
        "the time of a fault begins anew with a restart",
        "server/http/faults.py",
        "seconds=seconds, left=left",
        "seconds=seconds",
        SERVICES,
    ),
    Mutation(
        "amounts in dollars are cut to the cent",
        "analytics/signals/finding.py",
        "CENTS + scale) // (2 * scale)",
        "CENTS) // (2 * scale)",
        MARKETAI,
    ),
    Mutation(
        "each ban is as long as the first",
        "dialects/metering.py",
        "self._bans.first_seconds << min(offender.bans, 32)",
        "self._bans.first_seconds",
        ("dialects/test_metering.py",),
    ),
    Mutation(
        "who is banned by address is banned with a good key, too",
        "faults/requests.py",
        "(key is None and fault.address == address)",
        "fault.address == address",
        ("server/test_binance_faults.py",),
    ),
    Mutation(
        "a clock that is off tells the right time",
        "dialects/market_view.py",
        "self.state.now + self.clock_skew",
        "self.state.now",
        ("server/test_binance_faults.py",),
    ),
    Mutation(
        "an order is filled before those that stand before it",
        "sim/order_fills.py",
        "size=ahead + max(",
        "size=max(",
        ("sim/test_order_fills.py",),
    ),
    Mutation(
        "a late message is late among those of all channels",
        "faults/frame_faults.py",
        "fault.channel is not None\n        self._held",
        "False\n        self._held",
        ("faults/test_frame_faults.py",),
    ),
    Mutation(
        "a book by request bears the number of the newest event",
        "dialects/binance/market_data/books.py",
        "lastUpdateId=view.state.book_seq(symbol.index)",
        "lastUpdateId=view.state.seq",
        ("dialects/binance/test_market_data.py",),
    ),
    Mutation(
        "candles of a time zone begin as in UTC",
        "dialects/binance/market_data/klines.py",
        "return gcd(self.interval.length or NS_PER_DAY, self.shift)",
        "return self.interval.length or NS_PER_DAY",
        ("dialects/binance/test_klines.py",),
    ),
    Mutation(
        "a level that comes up from behind the last one is not told again",
        "dialects/kraken/streams/books.py",
        "return [gone] if comes_up is None else [gone, comes_up]",
        "return [gone]",
        ("dialects/kraken/test_local_book.py",),
    ),
    Mutation(
        "a checksum of digits is over bids before asks",
        "dialects/kraken/streams/books.py",
        'f"{asks.checked()}{bids.checked()}"',
        'f"{bids.checked()}{asks.checked()}"',
        ("dialects/kraken/test_local_book.py",),
    ),
    Mutation(
        "the digits of a level's orders are kept where one of them has changed",
        "dialects/kraken/streams/orders.py",
        "        self._digits[side].pop(price, None)\n",
        "",
        ("dialects/kraken/test_level3.py",),
    ),
    Mutation(
        "an order that shrinks has come at the time of that",
        "state/instrument_state.py",
        "resting if known is None else (*resting[:3], known[3])",
        "resting",
        ("dialects/test_market_by_order.py",),
    ),
    Mutation(
        "an account hears of the balances of others",
        "dialects/kraken/private/balances.py",
        "if report.account != self._account or not report.trade:",
        "if not report.trade:",
        ("dialects/kraken/test_private_channels.py",),
    ),
    Mutation(
        "a token of a key that only reads trades",
        "dialects/kraken/private/session.py",
        "self._grant(request.token, Scope.TRADE)",
        "self._grant(request.token, Scope.READ)",
        ("dialects/kraken/test_private_trading.py",),
    ),
    Mutation(
        "an order that is filled by its first trade has no trade told",
        "dialects/kraken/private/executions.py",
        'return TRADE, "" if item.open else FILLED',
        'return (TRADE, "") if item.open else (FILLED, "")',
        ("dialects/kraken/test_private_channels.py",),
    ),
    Mutation(
        "a link fault that raised is told of the next frame",
        "stream/publisher.py",
        "            group.broken = True\n",
        "",
        ("stream/test_link_faults.py",),
    ),
    Mutation(
        "a member of a message has another name than its document says",
        "dialects/guide/candles.py",
        '"close_time":{start',
        '"end_time":{start',
        ("dialects/guide/test_asyncapi.py",),
    ),
    Mutation(
        "a price is told as a text where its document says number",
        "dialects/kraken/streams/trades.py",
        '"price":{pair.price_text(trade.price)},',
        '"price":"{pair.price_text(trade.price)}",',
        ("dialects/kraken/test_asyncapi.py",),
    ),
    Mutation(
        "a message that is declared is never said",
        "dialects/tradyn/private.py",
        "POSITIONS: (POSITION,)",
        "POSITIONS: ()",
        ("dialects/tradyn/test_asyncapi.py",),
    ),
    Mutation(
        "a token of Coinbase's is good for any request",
        "dialects/coinbase/authentication.py",
        "if requests is not None and not any(one in requests for one in self._uris()):",
        "if requests is None:",
        ("dialects/coinbase/test_authentication.py", "dialects/coinbase/test_trading.py"),
    ),
    Mutation(
        "a token of Coinbase's never ends",
        "dialects/coinbase/authentication.py",
        "        self._check_times(clocks)\n",
        "",
        ("dialects/coinbase/test_authentication.py",),
    ),
    Mutation(
        "a key that may only read trades on Coinbase",
        "dialects/coinbase/rest/private.py",
        "access=TRADER if operation.trades else READER",
        "access=READER",
        ("dialects/coinbase/test_trading.py",),
    ),
    Mutation(
        "an order that Coinbase has placed is placed again",
        "dialects/coinbase/account/drafts.py",
        '            "once": True,\n',
        "",
        ("dialects/coinbase/test_trading.py",),
    ),
    Mutation(
        "fees on Coinbase are taken out of what is bought",
        "dialects/coinbase/account/drafts.py",
        '            "charge": Charge.QUOTE,\n',
        "",
        ("dialects/coinbase/test_trading.py",),
    ),
    Mutation(
        "the type of a message leaves out what hand-written text says",
        "dialects/tradyn/asyncapi.py",
        "    prev: int | UnsetType = UNSET\n",
        "",
        ("dialects/tradyn/test_asyncapi.py",),
    ),
    Mutation(
        "another account hears of an order's rest on Coinbase Exchange",
        "dialects/coinbase_exchange/streams/user.py",
        "whose is None or whose[0] != self._account",
        "whose is None",
        ("dialects/coinbase_exchange/test_feed.py",),
    ),
    Mutation(
        "an order that rests after it has traded comes in twice",
        "state/market_state.py",
        "it.order_steps += 1 + (row[3] != it.taker)",
        "it.order_steps += 2",
        ("dialects/coinbase_exchange/test_stream_messages.py",),
    ),
    Mutation(
        "a passphrase is not looked at",
        "dialects/coinbase_exchange/signing.py",
        "if not credentials.has_passphrase(self.passphrase):",
        "if not self.passphrase:",
        ("dialects/coinbase_exchange/test_trading.py", "dialects/coinbase_exchange/test_feed.py"),
    ),
    Mutation(
        "after a fault amid a step the history keeps proofs of other events",
        "stream/fanout.py",
        "(parts[:before], proofs[:before]), (parts[before:], proofs[before:])",
        "(parts[:before], proofs[:before]), (parts, proofs)",
        ("stream/test_fanout.py",),
    ),
    Mutation(
        "what is changed between two steps comes to those who follow with the next but one",
        "cluster/sequence.py",
        "        entries, self._entries = self._entries, []\n",
        "        entries, self._entries = self._entries[:0], self._entries\n",
        ("cluster/test_sequence.py", *SEQUENCED),
    ),
    Mutation(
        "a worker that has more connections than the others takes who comes all the same",
        "server/listener.py",
        "                    if self._crowded():\n",
        "                    if False:\n",
        ("server/test_listener.py",),
    ),
    Mutation(
        "workers are told the connections of servers that accept elsewhere too",
        "cluster/local_log.py",
        "for one in self._links if one.worker and one.report is not None",
        "for one in self._links if one.edge and one.report is not None",
        ("cluster/workers/test_worker.py",),
    ),
    Mutation(
        "a worker answers with figures of its own as if they were the server's",
        "cluster/edge_market.py",
        "also=_ASKED_OF_WORKERS if worker else ()",
        "also=()",
        ("cluster/workers/test_workers_server.py",),
    ),
    Mutation(
        "each worker has a self-signed certificate of its own",
        "server/certificates.py",
        "_load_made(context, made or self_signed(settings))",
        "_load_made(context, self_signed(settings))",
        ("server/test_tls.py", "cluster/workers/test_worker_setup.py"),
    ),
    Mutation(
        "a worker that cannot begin takes the server down though others serve",
        "cluster/workers/supervisor.py",
        "if self._useless >= _MOST_USELESS and not self._following:",
        "if self._useless >= _MOST_USELESS:",
        ("cluster/workers/test_workers.py",),
    ),
    Mutation(
        "a worker is told to read keys before it can hear that",
        "cluster/workers/supervisor.py",
        "        for process in self._following:\n            process.reload()",
        "        for process in self._processes:\n            process.reload()",
        ("cluster/workers/test_workers.py",),
    ),
    Mutation(
        "what became of a request is told at an edge after its events",
        "cluster/edge_source.py",
        "            executed(rows[end - outcome.events : end], outcome.seq)\n",
        "            token, own = trio.lowlevel.current_trio_token(), rows[end - outcome.events : end]\n"
        "            token.run_sync_soon(executed, own, outcome.seq)\n",
        ("cluster/test_edge_source.py", "cluster/test_requests.py"),
    ),
    Mutation(
        "a request whose connection broke is lost",
        "cluster/outbox.py",
        "for one in (*self._sent, *self._waiting) if one.again",
        "for one in self._waiting if one.again",
        ("cluster/test_outbox.py", "cluster/test_requests.py"),
    ),
    Mutation(
        "a request that comes again acts again",
        "cluster/local_log.py",
        "        return request.number > last\n",
        "        return True\n",
        ("cluster/test_asking.py",),
    ),
    Mutation(
        "what became of a request that nothing follows waits for the next event",
        "cluster/sequence.py",
        "return acted or self._hurries or bool(self._refused)",
        "return self._hurries",
        ("cluster/test_sequence.py", "cluster/test_requests.py"),
    ),
    Mutation(
        "an append that another server was before is taken for accepted",
        "cluster/redis/log.py",
        "        return found if answer == FENCED else None\n",
        "        return None\n",
        REDIS_LOG,
    ),
    Mutation(
        "an append in doubt is taken for accepted",
        "cluster/redis/log.py",
        "                self.waits = str(away)  # the connection's loss is logged already\n",
        "                return\n",
        REDIS_LOG,
    ),
    Mutation(
        "a Redis that has lost everything begins with the next block",
        "cluster/redis/log.py",
        "        begins = self._head_before(oldest)\n",
        "        begins = self._head\n",
        REDIS_LOG,
    ),
    Mutation(
        "a lease is renewed too late",
        "cluster/redis/lease.py",
        "            await trio.sleep(seconds / RENEWALS)\n",
        "            await trio.sleep(seconds * RENEWALS)\n",
        ("cluster/redis/test_redis_lease.py",),
    ),
    Mutation(
        "a log is trimmed to the newest snapshot",
        "cluster/redis/snapshots.py",
        "self._trim(min(self._snapshots[0].place, self._oldest()))",
        "self._trim(self._snapshots[-1].place)",
        ("cluster/redis/test_redis_snapshots.py",),
    ),
    Mutation(
        "the snapshot before the newest is removed while somebody reads it",
        "cluster/redis/snapshots.py",
        "_KEPT: Final = 2\n",
        "_KEPT: Final = 1\n",
        ("cluster/redis/test_redis_snapshots.py",),
    ),
    Mutation(
        "a leader that is being deposed sweeps the next one's snapshots away",
        "cluster/redis/snapshots.py",
        " and self._term_of(key) <= term]",
        "]",
        ("cluster/redis/test_redis_snapshots.py",),
    ),
    Mutation(
        "what Redis has lost of snapshots is not written again",
        "cluster/redis/snapshots.py",
        "        if losses != self._losses:\n",
        "        if self._losses < 0:\n",
        ("cluster/redis/test_redis_snapshots.py",),
    ),
    Mutation(
        "a market goes on behind a server that has led its log since",
        "cluster/redis/start.py",
        "    if led is not None and term <= led:\n",
        "    if led is not None:\n",
        ("cluster/redis/test_redis_start.py",),
    ),
    Mutation(
        "a market computed along that differs is taken for the leader's",
        "cluster/computed.py",
        "            if not found or found != there:\n",
        "            if not found:\n",
        ("cluster/test_computed.py", "cluster/test_standby.py"),
    ),
    Mutation(
        "who has begun to lead may lose the lease before it has begun",
        "cluster/standby.py",
        "FIRST_LEASES * self._lease.seconds",
        "self._lease.seconds",
        ("cluster/test_standby.py",),
    ),
    Mutation(
        "a standby carries its market on beneath the server that is to publish it",
        "cluster/standing_by.py",
        "Computed(self._market, server_context.fanout.hub.publish)",
        "Computed(self._market)",
        ("cluster/test_standing_by.py",),
    ),
    Mutation(
        "a standby leads with the keys that there were when it was started",
        "cluster/standing_by.py",
        "        server_context.key_watch.ask()",
        "        pass",
        ("cluster/test_standing_by.py",),
    ),
    Mutation(
        "an edge is not told what became of a request that its last leader accepted",
        "cluster/taken_market.py",
        "            run.acted = self._acted\n",
        "            run.acted = unheard\n",
        ("cluster/test_takeover.py",),
    ),
    Mutation(
        "a market that was taken over counts its events from one",
        "cluster/taken_market.py",
        "        control.seq = market.position.seq\n",
        "",
        ("cluster/test_takeover.py",),
    ),
    Mutation(
        "what is changed while a market stands still is told when it goes on",
        "cluster/sequencer.py",
        "            self._pending.set()\n",
        "            pass\n",
        SEQUENCED,
    ),
    Mutation(
        "nobody is told of the end of the market",
        "cluster/sequenced_market.py",
        "        await self._sequencer.flush(ended=True)\n",
        "",
        SEQUENCED,
    ),
    Mutation(
        "a snapshot that the sequencer makes has what follows it again",
        "cluster/sequencer.py",
        "            await self.flush()\n            sink.keep",
        "            sink.keep",
        SEQUENCED,
    ),
    Mutation(
        "nobody can join after a burst of blocks",
        "cluster/sequencer.py",
        "        if not sink.joinable:\n",
        "        if sink.place is None:\n",
        SEQUENCED,
    ),
    Mutation(
        "who follows is sent the block before those that are next",
        "cluster/follower_link.py",
        "                self.place = place\n",
        "                self.place = place[0], max(0, place[1] - 1)\n",
        LOCAL_LOG,
    ),
    Mutation(
        "who comes back is not told from which block on",
        "cluster/follower_link.py",
        "            self.place = after\n",
        "            self.place = BEFORE_ALL\n",
        LOCAL_LOG,
    ),
    Mutation(
        "a market as fast as it can runs away from those who follow",
        "cluster/local_log.py",
        "        if not self._paced():\n",
        "        if self._paced() is None:\n",
        LOCAL_LOG,
    ),
    Mutation(
        "a market waits for ever for who takes nothing",
        "cluster/local_log.py",
        "            patience = [left for one in behind if (left := self._stalls(one)) > 0]\n",
        "            patience = [max(1.0, self._stalls(one)) for one in behind]\n",
        LOCAL_LOG,
    ),
    Mutation(
        "who takes nothing keeps its link though it can never go on",
        "cluster/local_log.py",
        "        self._cut_stalled()\n",
        "",
        LOCAL_LOG,
    ),
    Mutation(
        "anybody may give the snapshot with which others begin",
        "cluster/follower_link.py",
        "SnapshotPart) and self._makes_snapshots:\n",
        "SnapshotPart):\n",
        LOCAL_LOG,
    ),
    Mutation(
        "a sequencer that was started again is followed as if nothing had happened",
        "cluster/local_link.py",
        "        if self.header.history == before:\n",
        "        if self.header.history == before or self._joined is None:\n",
        LOCAL_LOG,
    ),
    Mutation(
        "the socket of a server that lives is taken over",
        "cluster/local_socket.py",
        "        except ConnectionRefusedError:\n",
        "        except (ConnectionRefusedError, BlockingIOError):\n",
        ("cluster/test_local_socket.py",),
    ),
    Mutation(
        "everybody may follow",
        "cluster/local_socket.py",
        "_OWNER_ALONE: Final = 0o600\n",
        "_OWNER_ALONE: Final = 0o666\n",
        ("cluster/test_local_socket.py",),
    ),
    Mutation(
        "snapshots are made as if time were all that counts",
        "cluster/snapshot_process.py",
        "        if not timely and self._bytes < self._when.bytes:\n",
        "        if not timely:\n",
        ("cluster/test_snapshot_process.py",),
    ),
    Mutation(
        "blocks that were trimmed are passed over in silence",
        "cluster/redis/reading.py",
        "        if before != self._head:\n",
        "        if before == NO_HEAD != self._head:\n",
        ("cluster/redis/test_redis_reading.py",),
    ),
    Mutation(
        "blocks that come again are taken again",
        "cluster/redis/reading.py",
        "        if known:\n            return None\n",
        "",
        ("cluster/redis/test_redis_reading.py",),
    ),
    Mutation(
        "an edge follows a log that was begun anew as if nothing had happened",
        "cluster/redis/link.py",
        "        if header is not None and header != self._header:\n",
        "        if header is None:\n",
        ("cluster/redis/test_redis_link.py",),
    ),
    Mutation(
        "an edge may have another key of tokens than the sequencer",
        "cluster/redis/link.py",
        "        if fingerprint != key_fingerprint(self.token_key):\n",
        "        if not fingerprint:\n",
        ("cluster/redis/test_redis_link.py",),
    ),
    Mutation(
        "a request of which nobody knows whether it came is dropped with the connection",
        "cluster/redis/asking.py",
        "        while self._doubtful is not None:\n            await self._ask(connection)\n",
        "        self._doubtful = None\n",
        REDIS_REQUESTS,
    ),
    Mutation(
        "what was on its way to another log is sent to this one",
        "cluster/redis/link.py",
        "            self._asking.clear()  # it may have acted in the log before\n",
        "            pass\n",
        REDIS_REQUESTS,
    ),
    Mutation(
        "a request that has acted under another leader acts again",
        "cluster/redis/requests.py",
        "        return (edge, message.number) in skip\n",
        "        return False\n",
        REDIS_REQUESTS,
    ),
    Mutation(
        "a server that is gone is there for ever",
        "cluster/redis/present.py",
        "        return self._now - one.at >= self._lapse\n",
        "        return self._now - one.at > 3600\n",
        ("cluster/redis/test_redis_present.py",),
    ),
    Mutation(
        "a password in the URL of a log is shown",
        "settings/cluster.py",
        """    return f"{scheme}{separator}{rest.rpartition('@')[2]}" if separator else place\n""",
        "    return place\n",
        ("config/test_writer.py",),
    ),
)


def copy_to(folder: Path) -> None:
    """Put a copy of the package, and of what it ships, into an empty folder."""
    shutil.copytree(PACKAGE, folder / "feed", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")


def run_tests(folder: Path, tests: tuple[str, ...]) -> tuple[int, str]:
    """Run tests against the package in ``folder``: pytest's exit code, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    environment = os.environ | {
        "PYTHONPATH": str(folder),
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    try:
        done = subprocess.run(
            [*command, *(f"tests/{test}" for test in tests)],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return 1, "FAILED a test that never ended"
    return done.returncode, done.stdout + done.stderr


def mutate(folder: Path, mutation: Mutation) -> None:
    """
    Put a fault into the package in ``folder``.

    Raises:
        SystemExit: The code it belongs into is no longer there, or is there twice.
    """
    path = folder / "feed" / mutation.path
    code = path.read_text(encoding="utf-8")
    times = code.count(mutation.old)
    if times != 1:
        sys.exit(f"{mutation.name}: feed/{mutation.path} has its line {times} times, not once")
    path.write_text(code.replace(mutation.old, mutation.new), encoding="utf-8")


def killer(printed: str) -> str:
    """The test that failed, from what pytest printed."""
    found = re.search(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", printed, re.MULTILINE)
    return found[1] if found else printed.strip().splitlines()[-1]


def check(mutation: Mutation) -> bool:
    """Whether some test notices a fault; prints its line."""
    with tempfile.TemporaryDirectory() as name:
        copy_to(Path(name))
        mutate(Path(name), mutation)
        code, printed = run_tests(Path(name), mutation.tests)
    verdict = f"noticed by {killer(printed)}" if code == 1 else f"NOT NOTICED (pytest ended with {code})"
    print(f"{mutation.name}: {verdict}", flush=True)
    return code == 1


def main(names: list[str]) -> int:
    """Check every fault that one of ``names`` picks, or all of them."""
    chosen = [it for it in MUTATIONS if not names or any(name in it.name for name in names)]
    if not chosen:
        sys.exit(f"no fault's name has {' or '.join(map(repr, names))}")
    with tempfile.TemporaryDirectory() as name:
        copy_to(Path(name))
        tests = tuple(dict.fromkeys(test for it in chosen for test in it.tests))
        code, printed = run_tests(Path(name), tests)
        if code:
            sys.exit(f"the tests fail without a fault: {killer(printed)}")
    noticed = sum(map(check, chosen))
    print(f"{noticed} of {len(chosen)} noticed")
    return 0 if noticed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
