"""A scenario: a market, the actions and faults of its timeline, and the expected events."""

from __future__ import annotations

import attrs
from attrs.validators import ge, gt, matches_re, optional

from feed.model.faults import Fault
from feed.model.ground_truth import GroundTruth, Label, labels
from feed.model.market import MarketSpec
from feed.model.timeline import Action, Nanoseconds


@attrs.frozen(kw_only=True)
class Counts:
    """
    How many events there are of each kind.

    Attributes:
        add: Orders that came to rest.
        reduce: Orders that became smaller or went.
        trade: Trades.
        level: Price levels of markets without orders.
        quote: Best bids and asks.
        status: Halts and the like.
        clear: Books that were emptied.
        clock: Whole seconds.
        order: What became of orders of accounts.
        fill: Trades of accounts.
        mark: Mark prices.
        funding: Funding rates.
        liquidation: Liquidations.
        round: Rounds of prediction markets.
        signal: Signals.
        position: What accounts hold, after it has changed.
        balance: What accounts own, after it has changed.
        execution: What became of orders that assets pay for.
        wallet: What accounts hold of assets, after it has changed.
        answer: Answers to requests about these.
        auction: What call auctions would give, and gave.
    """

    add: int = attrs.field(default=0, validator=ge(0))
    reduce: int = attrs.field(default=0, validator=ge(0))
    trade: int = attrs.field(default=0, validator=ge(0))
    level: int = attrs.field(default=0, validator=ge(0))
    quote: int = attrs.field(default=0, validator=ge(0))
    status: int = attrs.field(default=0, validator=ge(0))
    clear: int = attrs.field(default=0, validator=ge(0))
    clock: int = attrs.field(default=0, validator=ge(0))
    order: int = attrs.field(default=0, validator=ge(0))
    fill: int = attrs.field(default=0, validator=ge(0))
    mark: int = attrs.field(default=0, validator=ge(0))
    funding: int = attrs.field(default=0, validator=ge(0))
    liquidation: int = attrs.field(default=0, validator=ge(0))
    round: int = attrs.field(default=0, validator=ge(0))
    signal: int = attrs.field(default=0, validator=ge(0))
    position: int = attrs.field(default=0, validator=ge(0))
    balance: int = attrs.field(default=0, validator=ge(0))
    execution: int = attrs.field(default=0, validator=ge(0))
    wallet: int = attrs.field(default=0, validator=ge(0))
    answer: int = attrs.field(default=0, validator=ge(0))
    auction: int = attrs.field(default=0, validator=ge(0))


@attrs.frozen(kw_only=True)
class Expect:
    """
    What a run from beginning to end must give. What is None is not compared.

    Attributes:
        events: How many, the opening books included.
        digest: SHA-256 over the canonical event stream (:mod:`feed.model.digest`), 64 digits.
        faults: How many wire faults of the timeline begin.
        counts: Events of each kind.
    """

    events: int | None = attrs.field(default=None, validator=optional(ge(0)))
    digest: str | None = attrs.field(default=None, validator=optional(matches_re(r"[0-9a-f]{64}")))
    faults: int | None = attrs.field(default=None, validator=optional(ge(0)))
    counts: Counts | None = None


@attrs.frozen(kw_only=True)
class Scenario:
    """
    Everything about one run.

    Attributes:
        name: What it is called.
        about: What it is for, and what a good client does.
        seed: Of the market and of the choice whom a fault strikes.
        start: Market time at which it opens, integer nanoseconds since the Unix epoch.
        duration: Nanoseconds of market time from opening to end.
        market: What is traded, and by whom.
        actions: What happens in the market, in the order of the file.
        faults: What goes wrong on the wire, in the order of the file.
        truth: What goes on that is worth a signal, in the order of the file.
        expect: Events and digest of a whole run; None if unknown.
    """

    name: str
    about: str = ""
    seed: int = attrs.field(default=1, validator=ge(0))
    start: int = attrs.field(validator=ge(0))
    duration: Nanoseconds = attrs.field(validator=gt(0))
    market: MarketSpec
    actions: tuple[Action, ...] = ()
    faults: tuple[Fault, ...] = ()
    truth: tuple[GroundTruth, ...] = ()
    expect: Expect | None = None

    @property
    def labels(self) -> tuple[Label, ...]:
        """What its signals are held against, in the order of their windows."""
        return labels(self.truth, start=self.start, duration=self.duration)
