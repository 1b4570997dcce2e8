"""What became of the large orders of a scenario, in lines for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from feed.model.instruments import Listing
from feed.sim.large_orders import LargeOrderReport, LargeOrderSummary, summary


def large_order_lines(reports: Iterable[LargeOrderReport], listing: Listing) -> Iterator[str]:
    """One line for each large order: what it asked for, what it got, at which price, and what is missing."""
    for report in reports:
        told = summary(report, listing)
        parts = [f"large order to {told.side} {told.size} {told.symbol}: {_traded(told)}"]
        if report.traded < report.lots:
            parts.append(f"{listing[report.instrument].size_text(report.lots - report.traded)} not traded")
        if told.unsent:
            parts.append(f"{told.unsent} slice{'s' if told.unsent > 1 else ''} not sent")
        yield "; ".join(parts)


def _traded(told: LargeOrderSummary) -> str:
    if told.moved_bps is None:
        return "did not begin" if told.start is None else "nothing traded"
    moved = f"from {told.start} to {told.worst}, {told.moved_bps / 100:+.2f} %"
    return f"{told.traded} traded at {told.average} on average, {moved}"
