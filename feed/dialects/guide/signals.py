"""Signals in the guide's words: what an observer of the market points out, for whoever has a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from feed.dialects.guide import channels
from feed.dialects.guide.encode import head, told
from feed.dialects.messages import message
from feed.dialects.times import milliseconds
from feed.model.events import SIGNAL, Event, Signal
from feed.model.instruments import Instrument
from feed.state.encoder import Encoder


class SignalsEncoder(Encoder):
    """Every signal of one instrument, and no snapshot: it is of a moment."""

    kinds: Sequence[int] = (SIGNAL,)

    def __init__(self, instrument: Instrument, *, pos: bool = False) -> None:
        """Tell of ``instrument``, with positions where ``pos`` asks for them."""
        self._pos = pos
        self._head = head("signal", channels.SIGNALS, instrument)

    def encode(self, item: Event) -> str:
        """The signal; its figures have their units in their names."""
        signal = cast("Signal", item)
        figures = message(**signal.figures)
        return (
            f'{self._head}"id":"{signal.number}","signal":"{signal.type.label}",'
            f'"severity":"{signal.severity.name.lower()}","figures":{figures},'
            f'"ts":{milliseconds(signal.ts)}{told(signal, pos=self._pos)}}}'
        )
