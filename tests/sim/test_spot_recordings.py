"""What accounts were told of their assets, recorded and played again, once or in a loop."""

import io
import random
from functools import partial

import attrs
import pytest
from spot_conservation import DEPOSITS, HISTORY, Play

from feed.model.accounts import PARTICIPANTS
from feed.model.events import ANSWER, CLEAR, EXECUTION, TRADE, WALLET, event
from feed.model.trading import OrderState
from feed.model.wallets import Wallets
from feed.recording.format import Header, Provenance
from feed.recording.reader import RecordingReader
from feed.recording.writer import RecordingWriter
from feed.settings import Recording
from feed.sim.looping import LoopedPlayback
from feed.sim.playback import Playback


@pytest.fixture(scope="module")
def play():
    """A market in which accounts have traded, and all of its rows."""
    play, rng = Play(2, before=20), random.Random(2)
    play.rows = []
    hear = play.hear
    play.hear = lambda rows: hear(rows) or play.rows.extend(rows)
    for _ in range(400):
        play.act(rng)
    return play


def held(wallets, venues):
    """Everything that a fold knows of the wallets of accounts."""
    return {
        (account, venue): (
            {asset: (it.total, it.locked) for asset, it in wallets.find(account, venue).balances.items()},
            [(one.client, one.left, one.filled) for one in wallets.find(account, venue).orders.values()],
        )
        for account in (1, 2, 3)
        for venue in venues
    }


def test_a_recording_has_every_row_of_accounts(play):
    """To the last digit of ids that clients made up; whoever follows it knows what everybody holds."""
    listing, out = play.run.listing, io.BytesIO()
    header = Header(instruments=tuple(listing), provenance=Provenance(source="simulated"), start=play.start)
    writer = RecordingWriter(out, header, Recording())
    writer.append(play.rows)
    writer.close()
    reader = RecordingReader(io.BytesIO(out.getvalue()), "x.feed")
    rows = [row for block in reader for row in block]
    assert rows == play.rows
    assert {EXECUTION, WALLET, ANSWER} <= {row[0] for row in rows}
    # A server that plays it may have other deposits: what was told counts.
    wallets = Wallets(listing, deposits=(), history=HISTORY)
    wallets.apply(rows)
    for (account, venue, asset), told in play.held.items():
        balance = wallets.find(account, venue).balances[asset]
        assert (balance.free, balance.locked) == told


def test_what_is_told_of_an_order_after_its_market_was_cleared_is_of_no_new_one(play):
    """Such as that it was cancelled because the market ended; then it is over as any other is."""
    wallets = Wallets(play.run.listing, deposits=DEPOSITS, history=HISTORY)
    wallets.apply(play.rows)
    (account, venue), number = next(
        (where, number) for number, where in wallets.orders.items() if where[0] != PARTICIPANTS
    )
    wallet = wallets.find(account, venue)
    item, placed = wallet.orders[number], wallet.placed
    wallets.apply([(CLEAR, item.instrument, item.ts)])
    assert number not in wallet.orders
    wallets.report(attrs.evolve(item, state=OrderState.CANCELLED, locked=0))
    assert (wallet.placed, wallet.order(number).state) == (placed, OrderState.CANCELLED)
    wallets.report(attrs.evolve(item, order=number + 1_000_000))
    assert wallet.placed == placed + 1


def test_a_loop_goes_on_with_ids_and_begins_anew_with_orders(play):
    """Orders and trades of each round have ids of their own, and what was open is forgotten."""
    listing, length = play.run.listing, play.run.now - play.start
    playback = Playback(listing, partial(lambda rows: [rows], play.rows), start=play.start)
    run = LoopedPlayback(playback, playback.from_start)
    rows = run.opening()
    while run.rounds < 3:
        rows += run.advance(run.next_time(), 10**9)
    begins = [at for at, row in enumerate(rows) if row[0] == CLEAR and row[1] == 0]
    first, second = rows[: begins[0]], rows[begins[0] : begins[1]]
    wallets, known = Wallets(listing, deposits=DEPOSITS, history=HISTORY), []
    for part in (first, second):
        wallets.apply(part)
        known.append(held(wallets, wallets.units.decimals))
    assert known[0] == known[1]
    one, two = ([event(0, row) for row in part if row[0] == EXECUTION] for part in (first, second))
    assert len(one) == len(two) > 100
    assert not {item.order for item in one} & {item.order for item in two}
    assert [item.created + length for item in one] == [item.created for item in two]
    assert [bool(item.working) for item in one] == [bool(item.working) for item in two]
    assert [bool(item.counter) for item in one] == [bool(item.counter) for item in two]
    trades = {(row[1], row[3]) for row in second if row[0] == TRADE}
    assert {(item.instrument, item.trade) for item in two if item.trade} <= trades
    assert PARTICIPANTS not in {item.account for item in one}
