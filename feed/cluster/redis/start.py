"""Whether a sequencer may go on with a log that it finds in Redis: only as the market that is in it."""

from __future__ import annotations

from typing import Final

from feed.cluster.block import Place
from feed.errors import ConfigError
from feed.model.stream_position import Ahead, OtherHistory, StreamPosition, TooOld
from feed.stream.history import History

_OPTION: Final = "--log"
_ANEW: Final = "begin another history there with --new-history"


def check_log(
    head: tuple[Place, StreamPosition] | None,
    history: History,
    *,
    where: str,
    folder: str | None,
    led: int | None,
    new_history: bool,
) -> None:
    """
    Refuse to go on where somebody would miss what the log has told.

    Args:
        head: Of the log that is there; None where it has no block.
        history: Of the market, up to where it stands now.
        where: The log, for messages.
        folder: The data folder that the market was restored from; None where it begins.
        led: The last term in which the market of this folder was to lead this log; None for none.
        new_history: Whether the log may be replaced by that of another market.
    Raises:
        ConfigError: The log is of another market, or another server has led it since.
    """
    if head is None or new_history:
        return
    if folder is None:
        raise ConfigError(
            f"the log at {where} has a market of {head[1].seq} events that is not here",
            where=_OPTION,
            hint=f"start with the --data that it had, or {_ANEW}",
        )
    problem = _problem(head, history, where=where, folder=folder, led=led)
    if problem:
        raise ConfigError(problem, where=_OPTION, hint=f"move {folder} away, or {_ANEW}")


def _problem(
    head: tuple[Place, StreamPosition], history: History, *, where: str, folder: str, led: int | None
) -> str:
    (term, _), there = head
    here = history.position
    try:
        history.check(there)
    except Ahead:
        return f"{folder} ends {there.seq - here.seq} events before the log at {where} does"
    except OtherHistory:
        return f"the log at {where} has other events than {folder}"
    except TooOld:
        pass  # it computed further than it keeps; the term tells whose log it is
    if led is not None and term <= led:
        return ""
    ahead = here.seq - there.seq
    return f"another server has led the log at {where} since; {folder} is {ahead} events ahead of it"
