"""Bugs put in on purpose, each of which the simulation must find."""

from contextlib import contextmanager
from unittest import mock

import attrs

from feed.checkpoint import container
from feed.durability import input_log
from feed.durability.input_log import InputLog
from tests.simulation.keys import ACCOUNTS


@contextmanager
def ack_before_sync():
    """What is appended counts as durable at once; it is so with the next append."""
    append, sync = InputLog.append, InputLog.sync

    def append_after_sync(self, entries):
        if not self.failed:
            sync(self)
        append(self, entries)

    with (
        mock.patch.object(InputLog, "append", append_after_sync),
        mock.patch.object(InputLog, "sync", return_value=None),
    ):
        yield


@contextmanager
def skip_torn_tail():
    """Whether the log ends in the middle of a write is not asked: it goes on behind whatever is there."""
    read = input_log.read_segment

    def read_on(disk, header, following):
        found = read(disk, header, following)
        return attrs.evolve(found, durable=found.end, rest=0) if following is None else found

    with mock.patch.object(input_log, "read_segment", read_on):
        yield


@contextmanager
def drop_account():
    """A checkpoint has all accounts but one: what it owns and owes, and its orders."""
    dump = container.dump

    def dump_without(roots):
        accounts = roots["run"].accounts._accounts
        left_out = accounts.pop(ACCOUNTS["tradyn"], None)
        try:
            return dump(roots)
        finally:
            if left_out is not None:
                accounts[ACCOUNTS["tradyn"]] = left_out

    with mock.patch.object(container, "dump", dump_without):
        yield


PLANTS = {
    "ack-before-sync": ack_before_sync,
    "skip-torn-tail": skip_torn_tail,
    "drop-account": drop_account,
}
