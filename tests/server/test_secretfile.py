"""Secrets that requests are signed with: in a file of their own, which nobody else may read."""

import stat

import attrs
import pytest
import trio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from feed.errors import ConfigError
from feed.model.arrival import HERE
from feed.model.grants import Grant
from feed.server.connection.peer import Peer
from feed.server.guesses import WrongKeyCounter
from feed.server.keycheck import KeyCheck, TooManyGuesses
from feed.server.keyedit import add_entry, revoke, rotate
from feed.server.keyfile import read_entries
from feed.server.keys import KeyStore, digest, entry_for, new_key
from feed.server.publickey import public_key
from feed.server.secretfile import read_secrets, secrets_path, write_secrets
from feed.settings import Limits

KEY, OTHER, NEW = (new_key("tk_test_", bytes([at]) * 16) for at in range(3))
SECRET, ANOTHER = "hush", 'with "quotes" and \\'
PEM = (
    ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    .public_key()
    .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


@pytest.fixture
def path(tmp_path):
    """A keys file with a key that signs and one that does not."""
    path = tmp_path / "keys.toml"
    add_entry(path, entry_for(KEY, Grant(name="bot"), secret=SECRET, signs=True))
    add_entry(path, entry_for(OTHER, Grant(name="other"), secret="kept as a digest"))
    return path


def signing(path):
    """What each key signs with, by name."""
    return {entry.grant.name: entry.signing_secret for entry in read_entries(path)}


def test_a_secret_to_sign_with_stands_in_its_own_file_alone(path):
    """Readable by its owner; the keys file has its digest, and no secret of a key that does not sign."""
    beside = secrets_path(path)
    assert beside.name == "keys.secrets.toml"
    assert stat.S_IMODE(beside.stat().st_mode) == 0o600
    assert read_secrets(beside) == {digest(KEY): SECRET}
    assert SECRET not in path.read_text()
    assert digest(SECRET).hex() in path.read_text()
    assert signing(path) == {"bot": SECRET, "other": None}


def test_what_is_known_of_a_key_shows_no_secret(path):
    """As a log or a traceback would print it."""
    for entry in read_entries(path):
        assert SECRET not in f"{entry!r} {entry.credentials!r}"


def test_secrets_come_and_go_with_their_keys(path):
    """A revoked key leaves none behind; a rotated one has a new one, the old one its own while it lasts."""
    add_entry(path, entry_for(NEW, Grant(name="third"), secret=ANOTHER, signs=True))
    assert signing(path) == {"bot": SECRET, "other": None, "third": ANOTHER}
    revoke(path, "bot")
    assert read_secrets(secrets_path(path)) == {digest(NEW): ANOTHER}
    rotate(path, "third", entry_for(KEY, Grant(name="third"), secret="x", signs=True), now=0, overlap=60)
    assert [entry.signing_secret for entry in read_entries(path)] == [None, ANOTHER, "x"]
    newest = entry_for(OTHER * 2, Grant(name="third"), secret="y", signs=True)
    rotate(path, "third", newest, now=90, overlap=0)
    assert read_secrets(secrets_path(path)) == {digest(OTHER * 2): "y"}


def test_a_public_key_stands_in_the_keys_file(path):
    """It is no secret; a key that is rotated keeps it."""
    entry = attrs.evolve(entry_for(NEW, Grant(name="signer")), public_key=public_key(PEM))
    add_entry(path, entry)
    assert read_entries(path)[-1] == entry
    assert entry.credentials.public_key == public_key(PEM)
    rotate(path, "signer", entry_for(NEW * 2, Grant(name="signer")), now=0, overlap=0)
    assert read_entries(path)[-1].public_key == public_key(PEM)


@pytest.mark.parametrize(
    ("line", "found"),
    [("public_key = 1", "found int"), ('public_key = "x"', "found no public key in PEM")],
)
def test_a_public_key_that_is_none_is_explained(path, line, found):
    """Where, what was found, what is allowed."""
    path.write_text(f"{path.read_text()}\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        read_entries(path)
    assert str(caught.value) == (
        f"{path}: key 2: public_key: {found}; allowed: the PEM text of a public key: Ed25519, RSA or P-256"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_secrets_that_others_may_read_are_not_used(path, mode):
    """As ssh does: the operator is told what to do."""
    beside = secrets_path(path)
    beside.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_entries(path)
    assert caught.value.what == "holds secrets, and other users may read it"
    assert caught.value.hint == f"chmod 600 {beside}"


@pytest.mark.parametrize(
    "text",
    [
        "secret",
        "secret = 1",
        "[[key]]",
        "[[secret]]",
        f'[[secret]]\nsha256 = "{digest(KEY).hex()}"',
        f'[[secret]]\nsha256 = "{digest(KEY).hex()}"\nsecret = ""',
        f'[[secret]]\nsha256 = "{KEY}"\nsecret = "hush"',
        '[[secret]]\nsha256 = 1\nsecret = "hush"',
        f'[[secret]]\nsha256 = "{digest(KEY).hex()}"\nsecret = 12345',
        "\xff",
    ],
)
def test_a_bad_file_of_secrets_is_explained_and_not_quoted(path, text):
    """Where it is wrong may be where a secret stands."""
    beside = secrets_path(path)
    beside.write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError) as caught:
        read_entries(path)
    assert caught.value.where == str(beside)
    assert "hush" not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_what_cannot_be_read_is_explained(tmp_path):
    """A folder in its place; nothing in its place is no secrets."""
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_secrets(tmp_path)
    assert read_secrets(tmp_path / "none") == {}


def test_whatever_a_secret_is_it_comes_back(tmp_path):
    """Quotes, backslashes, other alphabets."""
    known = {bytes([at]) * 32: text for at, text in enumerate((SECRET, ANOTHER, "läs\n"))}
    write_secrets(tmp_path / "s.toml", known)
    assert read_secrets(tmp_path / "s.toml") == known


async def test_wrong_signatures_are_counted_like_wrong_keys(autojump_clock):
    """Past the bound no signature from there is looked at, but for a key that has signed well there."""
    del autojump_clock
    entry, other = (entry_for(key, Grant(name=key[-4:]), secret=SECRET, signs=True) for key in (KEY, OTHER))
    check = KeyCheck(
        KeyStore([entry, other]), WrongKeyCounter(Limits(wrong_keys_per_minute=3), trio.current_time)
    )
    check.signature(HERE, entry, good=True)
    for _ in range(3):
        check.signature(HERE, other, good=False)
    for good in (True, False):
        with pytest.raises(TooManyGuesses) as caught:
            check.signature(HERE, other, good=good)
        assert 0 < caught.value.seconds <= 60
    check.signature(HERE, entry, good=True)
    await trio.sleep(60)
    check.signature(HERE, other, good=True)


def test_a_connection_that_signs_wrongly_too_often_is_known_by_it():
    """And nothing is counted before a key was shown."""
    entry = entry_for(KEY, Grant(name="bot"), secret=SECRET, signs=True)
    check = KeyCheck(KeyStore([entry]), WrongKeyCounter(Limits(wrong_keys_per_minute=2), lambda: 0.0))
    peer = Peer(dialect="any", keys=check, tokens=None, stream_keys=None)
    peer.note_signature(False)
    assert peer.credentials("wrong") is None
    assert peer.credentials(KEY) == entry.credentials
    peer.note_signature(True)
    peer.note_signature(False)
    assert not peer.guessing
    peer.note_signature(False)
    assert not peer.guessing  # this key has signed well here
    assert Peer(dialect="any", keys=check, tokens=None, stream_keys=None).credentials(KEY) is not None


def test_every_key_that_signs_on_a_connection_must_stay_good():
    """Each may have a session or a stream of its own there; one that only opened it, the last alone."""
    entry, other, third = (
        entry_for(key, Grant(name=key[-4:]), secret=SECRET, signs=True) for key in (KEY, OTHER, NEW)
    )
    store = KeyStore([entry, other, third])
    check = KeyCheck(store, WrongKeyCounter(Limits(), lambda: 0.0))
    peer, opener = (Peer(dialect="any", keys=check, tokens=None, stream_keys=None) for _ in range(2))
    assert not peer.revoked
    for key in (KEY, OTHER):
        peer.credentials(key)
        opener.check_key(key)
    store.replace([other, third])
    assert (peer.revoked, opener.revoked) == (True, False)
    store.replace([entry, other])
    assert (peer.revoked, opener.revoked) == (False, False)
    store.replace([entry, attrs.evolve(other, signing_secret="another")])
    assert (peer.revoked, opener.revoked) == (True, True)
