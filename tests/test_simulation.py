"""The simulation of crashes and bad disks: some of its seeds, and that it finds what it is for."""

import io

import pytest

from tests.simulation.__main__ import main
from tests.simulation.plants import PLANTS
from tests.simulation.runner import outcome_of, run_seeds
from tests.simulation.simulation import simulate

SEEDS = range(5, 13)  # new ones every time: python -m tests.simulation
# Each of these has had something to say once.
KNOWN_SEEDS = (54, 214)
# Where to look for a bug that was planted: it is found at once, as long as seeds mean what they mean now.
PLANTED_FROM = {"ack-before-sync": 2001, "skip-torn-tail": 2020, "drop-account": 2001}


def failures(seeds):
    """What those say that failed, with how to see it again."""
    out = io.StringIO()
    totals, _ = run_seeds(seeds, count=len(seeds), jobs=1, out=out)
    return out.getvalue() if totals.failures else ""


def test_nothing_is_lost_doubled_or_told_otherwise():
    """Whenever the power goes and whatever the disk does."""
    assert not failures(SEEDS)


def test_what_was_found_once_stays_mended():
    """Seeds that failed while this was built."""
    assert not failures(KNOWN_SEEDS)


def test_a_seed_decides_everything():
    """Every message, every byte on the disk, every crash, at the same moments."""
    first, again, other = simulate(7), simulate(7), simulate(8)
    assert first == again
    assert first.trace != other.trace


@pytest.mark.parametrize("plant", PLANTS)
def test_a_bug_that_was_planted_is_found(plant):
    """Within few seeds; the same seed has nothing to say of the code as it is."""
    for seed in range(PLANTED_FROM[plant], PLANTED_FROM[plant] + 100):
        found = outcome_of(seed, plant)
        if found.difference:
            break
    assert found.difference
    assert not outcome_of(found.seed).difference


def test_a_failure_says_how_to_see_it_again(capsys):
    """The seed, what was found first, and the command; a bug that was planted ends the run."""
    assert main(["--plant", "ack-before-sync", "--seed", "2001", "--seeds", "30", "--jobs", "1"]) == 0
    first, found, again, *_ = capsys.readouterr().out.splitlines()
    assert first == "seeds from 2001 to 2030"
    seed = found.split(":")[0].removeprefix("seed ")
    assert again == f"  again: python -m tests.simulation --seed {seed} --plant ack-before-sync"
