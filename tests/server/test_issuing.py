"""New keys look as their protocols write theirs, and what goes with them is kept as it must be."""

import base64
import hashlib
import re

import attrs
import pytest

from feed.dialects import discovery
from feed.dialects.credentials import KeyType
from feed.errors import ConfigError
from feed.model.grants import Grant
from feed.model.key_formats import KeyFormat, SigningAlgorithm, demo_grant
from feed.server import issuing, key_secrets
from feed.server.issuing import issue, signs_with
from feed.server.key_secrets import demo_passphrase, demo_private_key, demo_secret
from feed.server.keyedit import add_entry, current_entry, rotate
from feed.server.keyfile import read_entries
from feed.server.keys import DEMO_KEYS, KeyStore, demo_entries, has_secret
from feed.server.publickey import new_private_key, public_key

HMAC, EC, ED25519 = SigningAlgorithm.HMAC, SigningAlgorithm.EC, SigningAlgorithm.ED25519
FORMATS = {
    "signed": KeyFormat(base64_secret=True),
    "guarded": KeyFormat(base64_secret=True, passphrase=True),
    "named": KeyFormat(algorithms=(EC, ED25519, HMAC), key_name="organizations/{uuid}/apiKeys/{uuid}"),
}


@pytest.fixture(autouse=True)
def formats(monkeypatch):
    """Three protocols whose keys look other than the usual ones."""
    for module in (issuing, key_secrets):
        monkeypatch.setattr(module, "key_formats", lambda: FORMATS)


@pytest.fixture
def new():
    """Makes a key of bytes that are different each time, and equal on every run."""
    drawn = iter(range(1, 256))

    def make(*dialects, signs=True, **rest):
        grant = Grant(name="bot", account=7, dialects=dialects)
        return issue(grant, prefix="tk_test_", signs=signs, random=lambda n: bytes([next(drawn)]) * n, **rest)

    return make


def test_a_key_for_all_is_the_usual_one(new):
    """Its secret is a text, kept where it signs; one that signs nothing has none unless asked for."""
    issued = new()
    assert re.fullmatch(r"tk_test_[0-9a-f]{32}", issued.key)
    assert re.fullmatch(r"[0-9a-f]{64}", issued.secret)
    assert (issued.record.signing_secret, issued.passphrase) == (issued.secret, None)
    assert new(signs=False).secret is None
    shown = new(signs=False, with_secret=True)
    assert has_secret(shown.record, shown.secret)
    assert shown.record.signing_secret is None


def test_a_secret_is_written_in_base64_where_its_protocol_does(new):
    """The bytes are what signs; a text that is no base64 has none."""
    issued = new("signed")
    raw = base64.b64decode(issued.secret, validate=True)
    assert (len(issued.secret), len(raw)) == (88, 64)
    assert issued.record.credentials.secret_bytes == raw
    assert attrs.evolve(issued.record, signing_secret="demo-secret").credentials.secret_bytes is None
    assert attrs.evolve(issued.record, signing_secret=None).credentials.secret_bytes is None


def test_a_passphrase_is_kept_as_a_digest(new):
    """It is told apart from every other, and stands in no text of what is kept."""
    issued = new("guarded")
    credentials = issued.record.credentials
    assert credentials.has_passphrase(issued.passphrase)
    assert not any(map(credentials.has_passphrase, ("", issued.passphrase[:-1], "\ud800")))
    assert not new("signed").record.credentials.has_passphrase("")
    ring = KeyStore([issued.record])
    assert ring.known(issued.passphrase)
    for secret in (issued.key, issued.secret, issued.passphrase):
        assert secret not in f"{issued} {issued.record} {credentials} {ring}"


@pytest.mark.parametrize("algorithm", [None, EC, ED25519])
def test_of_a_key_pair_the_public_half_is_kept(new, algorithm):
    """Its key has the protocol's own name, another one each time; by default it signs as holders do first."""
    issued = new("named", algorithm=algorithm)
    uuid = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
    found = re.fullmatch(f"organizations/({uuid})/apiKeys/({uuid})", issued.key)
    assert found[1] != found[2]
    assert issued.record.public_key.type is KeyType((algorithm or EC).value)
    assert (issued.record.secret, issued.record.signing_secret) == (None, None)
    assert issued.secret.startswith("-----BEGIN EC") or len(issued.secret) == 88


def test_an_older_key_of_the_same_protocol_has_a_secret(new):
    """And no name: programs tell by these which of the two it is."""
    issued = new("named", algorithm=HMAC)
    assert issued.key.startswith("tk_test_")
    assert issued.record.signing_secret == issued.secret
    assert not issued.secret.endswith("=")


@pytest.mark.parametrize(
    ("dialects", "algorithm", "complaint"),
    [
        (("signed", "other"), None, "--dialect: signed, other do not write what goes with a key alike; make"),
        (("signed",), EC, "--algorithm: secrets that are made for keys of signed are HMAC; for a key pair"),
        ((), ED25519, "--algorithm: secrets that are made for keys of all protocols are HMAC; for a key"),
    ],
)
def test_a_key_that_cannot_be_made_says_what_can(new, dialects, algorithm, complaint):
    """In one line."""
    with pytest.raises(ConfigError) as caught:
        new(*dialects, algorithm=algorithm)
    assert str(caught.value).startswith(complaint)


def test_a_key_that_signs_nothing_is_good_for_any_protocols(new):
    """Nothing goes with it that they could write in different ways."""
    assert new("signed", "named", signs=False).secret is None


@pytest.mark.parametrize("dialect", ["signed", "guarded", "named"])
def test_what_is_written_of_a_key_is_read_again_and_rotated(new, dialect, tmp_path):
    """With its passphrase; the new one has secrets of its own, of the same kind."""
    path = tmp_path / "keys.toml"
    old = new(dialect)
    add_entry(path, old.record)
    assert read_entries(path) == (old.record,)
    entry = current_entry(path, "bot")
    fresh = new(dialect, algorithm=signs_with(entry))
    rotate(path, "bot", fresh.record, now=0.0, overlap=0.0)
    (kept,) = read_entries(path)
    assert kept == fresh.record != old.record
    texts = "".join(file.read_text() for file in tmp_path.iterdir())
    assert not [text for text in (old.key, old.secret, fresh.key, fresh.passphrase) if text and text in texts]


def test_a_key_pair_of_the_holders_own_stays(tmp_path, new):
    """Where the protocol's keys are not made here, a new key goes with the old pair."""
    path, pair = tmp_path / "keys.toml", new_private_key(KeyType.ED25519, bytes(32))
    old = attrs.evolve(new(signs=False).record, public_key=public_key(pair.public_pem))
    add_entry(path, old)
    assert signs_with(current_entry(path, "bot")) is None
    rotate(path, "bot", new(signs=False).record, now=0.0, overlap=0.0)
    assert current_entry(path, "bot").public_key == old.public_key


def test_demo_keys_are_checked_with_what_is_printed_of_them(monkeypatch):
    """Each public key belongs to the private one that everybody can make; all trade for one account."""
    for module in (issuing, key_secrets):
        monkeypatch.setattr(module, "key_formats", discovery.key_formats)
    for known, entry in zip(DEMO_KEYS, demo_entries(), strict=True):
        assert entry.local
        assert entry.digest == hashlib.sha256(known.key.encode()).digest()
        secret, passphrase = demo_secret(known), demo_passphrase(known)
        assert entry.signing_secret == secret
        assert passphrase is None or entry.credentials.has_passphrase(passphrase)
        if secret is None:
            kind = KeyType(known.algorithm.value)
            assert known.public_key == public_key(known.public_key).pem
            made = new_private_key(kind, hashlib.sha512(known.key.encode()).digest()[:32])
            assert (known.public_key, demo_private_key(known)) == (made.public_pem, made.text)
        form = discovery.key_formats().get((*known.grant.dialects, "")[0])
        if form is not None and form.base64_secret and secret is not None:
            assert entry.credentials.secret_bytes is not None


def test_demo_keys_of_protocols_name_one_account():
    """Whatever they are good for, but where a protocol's document prints one that only reads."""
    assert {known.grant.account for known in DEMO_KEYS} <= {0, 1}
    assert demo_grant("x").account == DEMO_KEYS[0].grant.account
    assert (demo_grant("x").name, demo_grant("x", "y").name) == ("demo-x", "y")
