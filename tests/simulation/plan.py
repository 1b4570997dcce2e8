"""What happens to the servers of one seed: how long each lives, how it ends, and what its disk does."""

import attrs

_LATENCIES = (0.0002, 0.0002, 0.002, 0.02, 0.2, 1.0)  # seconds


@attrs.frozen(kw_only=True)
class Trouble:
    """
    Something that a disk does for a while.

    Attributes:
        kind: ``full``, or ``bad_writes``, ``bad_syncs``, ``bad_reads``: a part of them fails.
        at: When it begins, seconds after the server serves; before it starts where negative.
        seconds: How long it lasts.
        part: How many of them fail, 0 to 1.
    """

    kind: str
    at: float
    seconds: float
    part: float = 1.0


@attrs.frozen(kw_only=True)
class Life:
    """
    One server.

    Attributes:
        seconds: How long it serves.
        gentle: Whether it is stopped, rather than ended.
        power: Whether the power goes, rather than the process being killed.
        sync: When it syncs the log: ``always``; another where only the process is killed.
        operations: After how many operations of the disk it ends all the same; None for never.
        early: Whether these are counted from its start, rather than from when it serves.
        latency: Seconds that a visit to the disk takes at most.
        troubles: What the disk does.
        down: Seconds until the next one starts.
        jump: By how much the clock of the machine jumps meanwhile, seconds.
        astray: Whether a write went astray on the disk meanwhile.
    """

    seconds: float
    gentle: bool = False
    power: bool = True
    sync: str = "always"
    operations: int | None = None
    early: bool = False
    latency: float = _LATENCIES[0]
    troubles: tuple[Trouble, ...] = ()
    down: float = 0.0
    jump: float = 0.0
    astray: bool = False


def drawn(chance):
    """The lives of one seed; the last is quiet, so that everything can be settled."""
    sync = chance.choice(["always", "always", "always", "batch", "os"])
    return (*(_life(chance, sync) for _ in range(chance.randint(1, 4))), Life(seconds=0.5, sync=sync))


def _life(chance, sync):
    seconds = chance.choice([0.02, 0.2, 0.5, 1.0])
    troubles = [_trouble(chance, seconds) for _ in range(chance.choice([0, 0, 1, 2]))]
    if chance.random() < 0.05:
        troubles.append(Trouble(kind="bad_reads", at=-1.0, seconds=0.0, part=chance.choice([0.1, 1.0])))
    return Life(
        seconds=seconds,
        gentle=chance.random() < 0.15,
        power=sync == "always" and chance.random() < 0.7,
        sync=sync,
        operations=chance.randint(1, 40) if chance.random() < 0.4 else None,
        early=chance.random() < 0.3,
        latency=chance.choice(_LATENCIES),
        troubles=tuple(troubles),
        down=chance.choice([0, 0.05, 0.5]),
        jump=chance.choice([0, 0, 0, -3.0, 2.0]),
        astray=chance.random() < 0.1,
    )


def _trouble(chance, seconds):
    kind = chance.choice(["full", "bad_writes", "bad_syncs"])
    return Trouble(
        kind=kind,
        at=chance.random() * seconds,
        seconds=chance.choice([0.01, 0.1, 0.5]),
        part=chance.choice([0.2, 1.0]),
    )
