"""How long a client waits before it connects again."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
from attrs.validators import ge, gt


@attrs.frozen(kw_only=True)
class Backoff:
    """
    Exponential backoff: each wait is a multiple of the last, up to a bound, and a little scattered.

    Attributes:
        first_seconds: The first wait.
        factor: From one wait to the next.
        most_seconds: The longest wait.
        jitter_seconds: Up to so much is added to each wait, so that a thousand clients of one server
            do not all come back in one moment.
        stable_seconds: A connection that has lasted so long was good: waits begin anew after it.
    """

    first_seconds: float = attrs.field(default=1.0, validator=gt(0))
    factor: float = attrs.field(default=2.0, validator=ge(1))
    most_seconds: float = attrs.field(default=32.0, validator=gt(0))
    jitter_seconds: float = attrs.field(default=0.25, validator=ge(0))
    stable_seconds: float = attrs.field(default=60.0, validator=ge(0))

    def delays(self, random: Callable[[], float]) -> Iterator[float]:
        """
        The waits in seconds, without end.

        Args:
            random: Draws from [0, 1); the only randomness there is.
        """
        wait = min(self.first_seconds, self.most_seconds)
        while True:
            yield wait + self.jitter_seconds * random()
            wait = min(wait * self.factor, self.most_seconds)
