"""``feed calibrate``: a simulated market that resembles a recording."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from feed.analytics.calibration.figures import Figures, Observation, average
from feed.analytics.calibration.fit import Outcome, fit_all, obstacle, simulations
from feed.analytics.calibration.parameters import parameters
from feed.cli.calibration_report import number, table
from feed.cli.options import example, names
from feed.cli.progress import progress
from feed.errors import ConfigError
from feed.model.durations import NS_PER_HOUR, NS_PER_SECOND
from feed.model.symbols import symbols
from feed.recording.atomic_file import AtomicFile, starts_with
from feed.recording.reader import RecordedBlocks
from feed.scenario.market_writer import market_text
from feed.scenario.times import duration_text, parse_duration
from feed.sim.defaults import default_market
from feed.sim.market import Market

if TYPE_CHECKING:
    from collections.abc import Collection

    from feed.model.instruments import Instrument, Listing
    from feed.model.market import MarketSpec

_HEAD: Final = b"# Try it:   feed replay "
_SHORTEST: Final = 60 * NS_PER_SECOND
_ROWS: Final = 4096  # looked at together
# A busy market is simulated for less time than is asked for: this many rows say enough.
_MOST_ROWS: Final = 500_000
_DURATION: Final = "1h"
# Longer than even a thin market is silent: days that were not recorded, or hours at which it was closed.
_SILENCE: Final = NS_PER_HOUR


def _span(_: click.Context, __: click.Parameter, text: str) -> int:
    try:
        span = parse_duration(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no span of time, such as 10m") from None
    if span < _SHORTEST:
        raise click.BadParameter(f"{text} is too short to say anything; allowed: 1m or more")
    return span


@click.command(epilog=example("feed calibrate btc.feed.zst -o market.toml"))
@click.argument("recording", metavar="RECORDING", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="The scenario file, such as market.toml.",
)
@click.option(
    "--symbols", "wanted", metavar="LIST", help="Fit only these, separated by commas.  [default: all]"
)
@click.option(
    "--span",
    default="10m",
    show_default=True,
    metavar="DURATION",
    callback=_span,
    help="Market time of each simulation that is compared with the recording.",
)
@click.option(
    "--seeds",
    default=5,
    show_default=True,
    metavar="COUNT",
    type=click.IntRange(1, 100),
    help="Simulations whose mean is printed.",
)
@click.option(
    "--rounds",
    default=8,
    show_default=True,
    metavar="COUNT",
    type=click.IntRange(1, 100),
    help="How often parameters are corrected.",
)
def calibrate(
    recording: Path, *, output: Path, wanted: str | None, span: int, seeds: int, rounds: int
) -> int:
    """
    Fit the simulated market to a RECORDING, and write it as a scenario file.

    Of each instrument it measures the updates of the book, the orders that take liquidity, their sizes and
    signs, the spread, the depth and the volatility; simulates it, corrects the parameters until the figures
    agree, and prints them: recorded, simulated with the parameters of the default market, and calibrated.

    The file goes to `feed serve --scenario` and `feed replay`. What it does not resemble is in the table:
    read it before you rely on it. A short recording says little of volatility, and nothing of rare events.
    """
    blocks = RecordedBlocks(recording)
    chosen = _chosen(blocks.header.listing, names(wanted))
    # Opened first: a file that cannot be written should not cost minutes.
    file = AtomicFile(output, is_ours=starts_with(_HEAD), where="--output")
    with file as out:
        market, outcomes = _fitted(recording, blocks, chosen, rounds=rounds, runs=seeds, span=span)
        try:
            out.write(_text(output, recording, outcomes, market, blocks.header.start).encode())
        except OSError as problem:
            raise file.error_for(problem) from None
    for outcome in outcomes:
        click.echo("\n".join(table(outcome)) + "\n")
    click.echo(f"wrote {output}; run it with: feed replay {output}", err=True)
    if blocks.corruption is not None:
        click.echo(f"feed: {recording}: damaged in {blocks.corruption}", err=True)
        return 1
    return 0


def _fitted(
    recording: Path,
    blocks: RecordedBlocks,
    chosen: list[Instrument],
    *,
    rounds: int,
    runs: int,
    span: int,
) -> tuple[MarketSpec, list[Outcome]]:
    """The market, and what became of each instrument; what cannot be fitted is told."""
    recorded, silent = _figures(blocks, chosen)
    if silent:
        text = duration_text(silent // NS_PER_SECOND * NS_PER_SECOND)
        click.echo(f"feed: {recording}: {text} in which nothing was recorded are left out", err=True)
    for item, figures in list(recorded.items()):
        if reason := obstacle(item, figures):
            click.echo(f"feed: {recording}: {item.symbol} is left out: {reason}", err=True)
            del recorded[item]
        elif figures.price_step > 1:
            click.echo(f"feed: {recording}: {_too_fine(item, figures.price_step)}", err=True)
    if not recorded:
        hint = "" if blocks.corruption is None else f"it is damaged in {blocks.corruption}"
        raise ConfigError("no instrument can be calibrated", where=str(recording), hint=hint)
    with progress("calibrating") as show:
        done, steps = 0, simulations(len(recorded), rounds, runs)

        def simulate(market: MarketSpec, runs: int) -> Figures:
            nonlocal done
            several = []
            for seed in range(1, runs + 1):
                several.append(_simulated(market, seed, blocks.header.start, span))
                done += 1
                if show is not None:
                    show(done, steps)
            return average(several)

        return fit_all(recorded, default_market(), simulate, rounds=rounds, runs=runs)


def _too_fine(item: Instrument, step: int) -> str:
    """What to do about a tick that makes spreads and depths of many ticks, with nothing between them."""
    grid = f"{item.symbol}={(step * item.tick_size).normalize():f}/{item.lot_size.normalize():f}"
    return f"all prices of {item.symbol} are multiples of {step} ticks; import it with --grid {grid}"


def _chosen(listing: Listing, wanted: list[str]) -> list[Instrument]:
    known = symbols(listing)
    chosen = set()
    for name in wanted:
        index = known.index(name)
        if index is None:
            near = known.near(name, 1)
            hint = f"did you mean {near[0]}?" if near else f"recorded: {', '.join(listing.symbols[:5])}"
            raise ConfigError(f"{name} is not recorded", where="--symbols", hint=hint)
        chosen.add(index)
    return [item for index, item in enumerate(listing) if not wanted or index in chosen]


def _figures(blocks: RecordedBlocks, chosen: Collection[Instrument]) -> tuple[dict[Instrument, Figures], int]:
    """The figures of a recording, and the time of its long silences, which they leave out, nanoseconds."""
    header = blocks.header
    watched = {item.symbol for item in chosen}
    observations = [
        Observation(header.start) if item.symbol in watched else None for item in header.instruments
    ]
    now, silent = header.start, 0
    for rows in blocks():
        for row in rows:
            if row[2] - now > _SILENCE:
                silent += row[2] - now
            now = max(now, row[2])
            observation = observations[row[1]]
            if observation is not None:
                observation.see((*row[:2], row[2] - silent, *row[3:]) if silent else row)
    figures = {
        item: observation.figures(now - silent)
        for item, observation in zip(header.instruments, observations, strict=True)
        if observation is not None
    }
    return figures, silent


def _simulated(spec: MarketSpec, seed: int, start: int, span: int) -> Figures:
    market = Market(spec, seed=seed, start=start)
    observation = Observation(start)
    seen, end = 0, start + span
    rows = market.opening()
    while True:
        for row in rows:
            observation.see(row)
        seen += len(rows)
        if market.now >= end or seen >= _MOST_ROWS:
            return observation.figures(market.now)
        rows = market.advance(end, _ROWS)


def _text(output: Path, recording: Path, outcomes: list[Outcome], market: MarketSpec, start: int) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", output.name.removesuffix(".toml").lower()).strip("-")[:64]
    return market_text(
        market,
        name=name.strip("-") or "market",
        about=f"A market fitted to the recording {recording.name} by feed calibrate.",
        seed=1,
        start=start,
        duration=parse_duration(_DURATION),
        remarks={outcome.instrument.symbol: _remarks(outcome) for outcome in outcomes},
    )


def _remarks(outcome: Outcome) -> list[str]:
    seconds = duration_text(round(outcome.recorded.seconds) * NS_PER_SECOND)
    fitted = parameters(outcome.recorded)
    values = [f"{one.name} {number(one.value(outcome.market))}" for one in fitted]
    off = 100 * outcome.distance
    return [f"Fitted to {seconds} of data, to {off:.0f} % in the mean:", ", ".join(values)]
