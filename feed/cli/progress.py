"""How far a command has come, on a terminal; nothing in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

# Drawn this often at most, whatever is counted.
STEPS: Final = 100

Show = Callable[[int, int], None]
"""Takes what is done, and what there is to do in all."""


@contextmanager
def progress(label: str) -> Iterator[Show | None]:
    """
    A bar from 0 to 100 %, whose figure never leaves them and never goes back.

    Args:
        label: Stands before the bar.

    Yields:
        Draws it; None where there is no terminal.
    """
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=STEPS, label=label, file=sys.stderr) as bar:
        drawn = 0

        def show(done: int, total: int) -> None:
            nonlocal drawn
            step = min(STEPS, max(0, done) * STEPS // max(1, total))
            if step > drawn:
                bar.update(step - drawn)
                drawn = step

        yield show
