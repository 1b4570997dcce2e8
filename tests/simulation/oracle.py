"""What a run that never crashed tells, computed from the log, and whether clients were told the same."""

from collections import defaultdict

import trio
import trio.testing

from feed.model.accounts import PARTICIPANTS
from feed.model.events import EXECUTION, ORDER, event
from feed.model.stream_position import StreamPosition, first_proof, parse_position
from feed.model.trading import OrderState, RequestKind, unpacked
from feed.server.listener import Listener
from feed.server.router import ANY_PROTOCOL
from feed.server.server_context import ServerContext
from feed.sim.clients import open_to_accounts
from feed.sim.runner import MarketRunner
from feed.stream.chain import chained
from tests.simulation.conversation import LOST
from tests.simulation.keys import ENTRIES, SIGNING_KEY, key_store
from tests.simulation.questions import asked
from tests.simulation.world import Difference, World

LONGEST_REPLAY = 60  # seconds in which whoever resumes has been told everything


class UndisturbedRun:
    """
    The market with the requests of the log, from its beginning.

    Attributes:
        market: It, at its end.
        rows: All that it told.
        proofs: The chained proof at each.
    """

    def __init__(self, settings, program, entries, market_time, seq):
        self.market = open_to_accounts(program.run, settings.trading, entries)
        origin = first_proof(self.market.listing)
        self.rows = self.market.opening()
        self.rows += self.market.advance(market_time)
        self.rows = self.rows[:seq]
        self.proofs = [origin, *chained(self.rows, origin)[1]]
        if len(self.rows) < seq:
            raise Difference(f"{seq} events were published, and there are {len(self.rows)}")

    def check_positions(self, positions):
        """Everything that was ever published stands in it."""
        for seq, proof in positions:
            if seq >= len(self.proofs) or self.proofs[seq] != proof:
                raise Difference(f"the market told something else at or before event {seq}")

    def orders(self):
        """The orders that were made, by account and the client's own id."""
        made = defaultdict(set)
        for seq, row in enumerate(self.rows, 1):
            if row[0] == ORDER:
                item = event(seq, row)
                if item.verb is RequestKind.CREATE and item.state is not OrderState.REFUSED and item.order:
                    made[item.account, unpacked(item.request)].add(item.order)
            elif row[0] == EXECUTION:
                item = event(seq, row)
                made[item.account, unpacked(item.client)].add(item.order)
        return made

    def check_orders(self, traders):
        """What was acknowledged acted once; what was refused did not act; nothing acted twice."""
        made = self.orders()
        for (account, name), orders in made.items():
            if len(orders) > 1:
                raise Difference(f"order {name} of account {account} acted {len(orders)} times: {orders}")
        for trader in traders:
            for name in trader.orders.taken:
                if not made[trader.account, name]:
                    raise Difference(f"order {name} of account {trader.account} was acknowledged and lost")
            for name in trader.orders.refused:
                if made[trader.account, name]:
                    raise Difference(f"order {name} of account {trader.account} was refused and acted")

    def check_money(self):
        """No unit of money was made or lost, over all accounts, participants and venues."""
        accounts, wallets = self.market.accounts, self.market.wallets
        everybody = {PARTICIPANTS, *accounts}
        for at in range(len(self.market.listing)):
            held = [accounts.find(number).positions.get(at) for number in everybody]
            for total in (
                sum(one.lots for one in held if one),
                sum(one.funding for one in held if one),
                sum(one.realised - one.cost for one in held if one),
            ):
                if total:
                    raise Difference(f"{total} units came from nowhere in instrument {at}")
        for venue, assets in wallets.units.decimals.items():
            for asset in assets:
                total = wallets.find(PARTICIPANTS, venue).balances[asset].total
                for number, where in list(wallets):
                    if where == venue and number != PARTICIPANTS:
                        wallet = wallets.find(number, venue)
                        balance = wallet.balances[asset]
                        total += balance.total + wallet.commissions.get(asset, 0)
                        total -= wallets.deposit(venue, asset)
                        if min(balance.free, balance.locked) < 0:
                            raise Difference(f"account {number} owes {asset} at {venue}")
                if total:
                    raise Difference(f"{total} units of {asset} at {venue} came from nowhere")


class _Undisturbed:
    """A server on which nothing ever happens but what the rows say, with the clients' doubles."""

    def __init__(self, world, context, nursery, settings):
        self.context = context
        self._nursery = nursery
        self._listener = Listener(context.router, settings.limits)
        self.position = (0, 0)

    def admit(self, transport):
        self._nursery.start_soon(self._listener.admit, transport, ANY_PROTOCOL)


async def compare(world, run, readers, answers):
    """
    Whether every client was told what it would have been told by a server that never crashed.

    Args:
        world: Of the servers that crashed.
        run: The market of the other one.
        readers: Clients of those.
        answers: What the last of them answered to :func:`asked`.
    """
    settings = world.settings
    runner = MarketRunner(run.market, flow=settings.flow)
    context = ServerContext(
        settings, runner, key_store(world.wall), signing_key=SIGNING_KEY, fixed=ENTRIES, clock=world.wall
    )
    other = World(world.seed, None)
    other.skew = world.skew
    async with trio.open_nursery() as nursery:
        other.server = _Undisturbed(other, context, nursery, settings)
        nursery.start_soon(context.registry.turns.run)
        nursery.start_soon(context.fanout.replay)
        doubles, told = [], 0
        waiting = [reader for reader in readers if reader.heard.begin is not None]
        for reader in sorted(waiting, key=lambda reader: parse_position(reader.heard.begin).seq):
            begin = parse_position(reader.heard.begin)
            if run.proofs[begin.seq] != begin.proof:
                raise Difference(f"{reader.name} began at {begin.text}, which never was")
            await context.fanout.step(run.rows[told : begin.seq])
            told = begin.seq
            double = reader.again(other)
            double.client = other.connect()
            nursery.start_soon(_listen, double)
            await trio.testing.wait_all_tasks_blocked()
            doubles.append((reader, double))
        for start in range(told, len(run.rows), 500):
            await context.fanout.step(run.rows[start : start + 500])
            await trio.testing.wait_all_tasks_blocked()
        for _ in range(LONGEST_REPLAY):
            if all(len(one.heard.messages) <= len(two.heard.messages) for one, two in doubles):
                break
            await trio.sleep(1)
        for reader, double in doubles:
            same(reader, double)
        for one, other_one in zip(answers, await asked(other), strict=True):
            if one != other_one:
                raise Difference(f"answers differ: {one} and undisturbed {other_one}")
        nursery.cancel_scope.cancel()


async def _listen(double):
    try:
        await double.listen()
    except LOST as gone:
        raise Difference(f"{double.name} was cut by a server that never crashed: {gone!r}") from None


def same(reader, double):
    """Whether one was told what the other was, as far as it goes, and to the end if it is still there."""
    heard, expected = reader.heard.messages, double.heard.messages
    for at, (one, other) in enumerate(zip(heard, expected, strict=False)):
        if one != other:
            raise Difference(f"message {at} of {reader.name} is {one[1]}, and undisturbed {other[1]}")
    if len(heard) > len(expected):
        raise Difference(f"{reader.name} was told more: {heard[len(expected)][1]}")
    if len(heard) < len(expected) and reader.client is not None:
        raise Difference(f"{reader.name} was not told {expected[len(heard)][1]}")


def origin(listing):
    """The position before everything."""
    return StreamPosition(0, first_proof(listing)).text
