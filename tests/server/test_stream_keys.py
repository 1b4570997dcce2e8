"""Stream keys: one for each account and protocol, for a while, and no longer than the key they stand on."""

import itertools

import pytest

from feed.model.grants import Grant
from feed.server.connection.peer import Peer
from feed.server.durable.service_log import ServiceLog
from feed.server.guesses import WrongKeyCounter
from feed.server.keycheck import KeyCheck
from feed.server.keys import KeyStore, entry_for
from feed.server.stream_keys import LENGTH, StreamKeys, StreamKeysOfDialect
from feed.settings import Limits

ALICE, TOO, BOB = (
    entry_for(f"key {name}", Grant(name=name, account=account))
    for name, account in (("alice", 1), ("alice too", 1), ("bob", 2))
)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store():
    return KeyStore([ALICE, TOO, BOB])


@pytest.fixture
def keys(clock, store):
    draws = itertools.count()
    return StreamKeys(
        store,
        clock=clock,
        choose=lambda letters: letters[next(draws) * 7 % len(letters)],
        service_log=ServiceLog(),
    )


def test_an_account_has_one_key_at_a_time(keys, clock):
    """Asked for again, it is the same one, and lasts for longer."""
    key = keys.open("one", ALICE, 60)
    assert (len(key), key.isalnum()) == (LENGTH, True)
    assert keys.find("one", key) == ALICE
    clock.now = 59
    assert keys.open("one", TOO, 60) == key
    clock.now = 118
    assert keys.find("one", key) == ALICE
    clock.now = 119
    assert keys.find("one", key) is None
    other = keys.open("one", TOO, 60)
    assert other != key
    assert keys.find("one", other) == TOO
    assert keys.find("one", key) is None


def test_a_connection_stands_on_every_key_by_whose_stream_keys_it_listens(keys, store):
    """Not on the last alone."""
    check = KeyCheck(store, WrongKeyCounter(Limits(), lambda: 0.0))
    peer = Peer(dialect="one", keys=check, tokens=None, stream_keys=keys)
    for entry in (ALICE, BOB):
        peer.check_stream_key(keys.open("one", entry, 60))
    assert not peer.revoked
    store.replace([TOO, BOB])
    assert peer.revoked


def test_protocols_and_accounts_have_keys_of_their_own(keys):
    """Which are good for nothing else."""
    mine, there, his = keys.open("one", ALICE, 60), keys.open("two", ALICE, 60), keys.open("one", BOB, 60)
    assert len({mine, there, his}) == 3
    assert keys.find("two", mine) is None
    assert keys.find("one", his) == BOB
    assert keys.find("one", "nothing") is None


def test_a_key_is_extended_and_closed_by_its_account_alone(keys, clock):
    """By whichever of its API keys."""
    own = StreamKeysOfDialect(keys, "one")
    key = own.open(ALICE, 60)
    assert not own.extend(BOB, key, 600)
    assert not own.close(BOB, key)
    assert own.extend(TOO, key, 600)
    clock.now = 599
    assert keys.find("one", key) == ALICE
    assert own.close(TOO, key)
    assert keys.find("one", key) is None
    assert not own.extend(ALICE, key, 60)
    assert not own.close(ALICE, "nothing")


def test_a_key_ends_with_the_one_that_it_stands_on(keys, store):
    """And the account gets another."""
    key = keys.open("one", ALICE, 60)
    store.replace([TOO, BOB])
    assert keys.find("one", key) is None
    assert keys.open("one", TOO, 60) != key


def test_keys_that_are_over_are_forgotten(keys, clock):
    """There are no more of them than accounts."""
    for _ in range(10):
        keys.open("one", ALICE, 1)
        clock.now += 2
    assert (len(keys._active), len(keys._named)) == (1, 1)
