"""What was read and what was answered, held against the server that was never killed."""

from __future__ import annotations

from collections import Counter, defaultdict

import attrs

from tests.benchmarks.kill.traders import Outcome


@attrs.define
class Verdict:
    """
    What was found.

    Attributes:
        orders: Orders that were answered.
        repeated: Of these, sent more than once.
        lost: Answered, and accepted by nobody.
        doubled: Accepted more than once.
        messages: That were compared.
        bytes: Of these.
        resumed: Connections that went on after a position.
        cut: Messages that a reader was too slow, or was away for too long.
        differing: Where what was read is not what was said by the other server.
        refusals: Errors that were told, and answers that nobody expects.
        left: Processes that outlived the server.
    """

    orders: int = 0
    repeated: int = 0
    lost: list[str] = attrs.Factory(list)
    doubled: list[str] = attrs.Factory(list)
    messages: Counter = attrs.Factory(Counter)
    bytes: int = 0
    resumed: int = 0
    cut: int = 0
    differing: list[str] = attrs.Factory(list)
    refusals: list[str] = attrs.Factory(list)
    left: list[str] = attrs.Factory(list)

    @property
    def good(self):
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.differing or self.refusals or self.left)


def judge_orders(verdict, traders, acted):
    """Each order that was answered has acted once; one without an answer at most once."""
    for trader in traders:
        account = trader.account.number
        verdict.orders += len(trader.answered)
        verdict.repeated += len(trader.repeated)
        verdict.refusals += trader.surprises
        for name, outcome in trader.answered.items():
            if outcome is not Outcome.REJECTED and not acted[account, name]:
                verdict.lost.append(f"{trader.protocol}: {name}, answered {outcome.value}")
        names = [*trader.answered, *([trader.open] if trader.open else ())]
        verdict.doubled += [f"{trader.protocol}: {name}" for name in names if acted[account, name] > 1]


def judge_readers(verdict, readers, others, texts):
    """Each stretch that was read without a gap is a stretch of what the other server said."""
    places = {}
    for name, other in others.items():
        [whole] = other.parts
        found = defaultdict(list)
        for at, number in enumerate(whole):
            found[number].append(at)
        places[name] = whole, found
    silent = {one.subscription.protocol for one in readers} - {
        one.subscription.protocol for one in readers if any(one.parts)
    }
    verdict.differing += [f"{name}: nobody was told anything" for name in sorted(silent)]
    for reader in readers:
        place = places[reader.subscription.name]
        verdict.resumed += reader.resumed
        verdict.cut += reader.cut
        verdict.refusals += [f"{reader.subscription.protocol}: {text}" for text in reader.refusals]
        for part in reader.parts:
            if not part:
                continue
            verdict.messages[reader.subscription.protocol] += len(part)
            verdict.bytes += sum(len(texts.known[number]) for number in part)
            if complaint := difference(part, *place, texts):
                verdict.differing.append(f"{reader.subscription.protocol}: {complaint}")


def difference(part, whole, places, texts):
    """Where a stretch is not in the whole; empty where it is."""
    best = 0
    for at in places.get(part[0], ()):
        if whole[at : at + len(part)] == part:
            return ""
        same = next(
            (index for index, (one, other) in enumerate(zip(part, whole[at:], strict=False)) if one != other),
            len(whole) - at,
        )
        best = max(best, same)
    if not best:
        return f"the other server never said {texts.known[part[0]].decode()}"
    told = [texts.known[number].decode() for number in part[best - 1 : best + 1]]
    place = places[part[0]][0] + best
    other = texts.known[whole[place]].decode() if place < len(whole) else "nothing more"
    return f"after {best} of {len(part)} messages: {' then '.join(told)} where the other server said {other}"
