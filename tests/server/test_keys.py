"""Keys are kept as digests, checked whole, and never shown."""

import hashlib
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import Settings
from feed.errors import ConfigError
from feed.model.grants import Grant, Scope, Tier
from feed.server.keyfile import _entries, add_entry, read_entries
from feed.server.keys import Keyring, demo_keys_accepted, entry_for, keyring_for, new_key

DEMO = "tk_live_a1b2c3d4e5f6"
DEMO_BASIC = "mk_live_abc123..."
KEY = new_key("tk_live_", bytes(range(16)))
OTHER = new_key("mk_test_", bytes(16))
DESK = Grant(name="desk", account=7, tier=Tier.PRO, scopes=(Scope.READ, Scope.TRADE), dialects=("tradyn",))
SHA256 = hashlib.sha256(KEY.encode()).hexdigest()


@pytest.fixture
def keyfile(tmp_path):
    def write(text):
        path = tmp_path / "keys.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


# --- checking --------------------------------------------------------------------------------------


def test_a_key_opens_what_its_grant_names():
    """The grant comes back for a protocol it names, and for no other."""
    ring = Keyring([entry_for(KEY, DESK)])
    assert ring.check(KEY, "tradyn") == DESK
    assert ring.check(KEY, "rails") is None


def test_a_grant_that_names_no_protocol_is_good_for_all():
    """An empty list of protocols means every one."""
    ring = Keyring([entry_for(KEY, Grant(name="all"))])
    assert ring.check(KEY, "anything") == Grant(name="all")


@given(st.text(max_size=300))
def test_a_wrong_key_opens_nothing(key):
    """Whatever text is presented, half surrogates too: without the key there is no grant."""
    ring = Keyring([entry_for(KEY, Grant(name="desk"))]).merged(Keyring.demo())
    assert (ring.check(key, "tradyn") is None) == (key not in {KEY, DEMO})


@given(st.integers(0, len(KEY) - 1), st.characters())
def test_a_key_with_one_wrong_character_opens_nothing(at, character):
    """Being close to a key is worth nothing."""
    close = KEY[:at] + character + KEY[at + 1 :]
    assert (Keyring([entry_for(KEY, DESK)]).check(close, "tradyn") is None) == (close != KEY)


def test_half_a_surrogate_pair_is_a_wrong_key():
    """A JSON text may hold what UTF-8 cannot: refused, not a crash."""
    assert Keyring.demo().check("\ud800", "tradyn") is None


def test_a_long_key_is_refused_unhashed(monkeypatch):
    """Past 256 characters no digest is computed, whoever it may belong to."""
    longest, longer = "k" * 256, "k" * 257
    ring = Keyring([entry_for(longest, DESK), entry_for(longer, DESK)])
    assert ring.check(longest, "tradyn") == DESK
    monkeypatch.setattr("feed.server.keys.hashlib", None)
    assert ring.check(longer, "tradyn") is None


@given(st.binary(min_size=16, max_size=16))
def test_nothing_that_is_kept_shows_the_key(random_bytes):
    """Neither a keyring nor its entries, in any of their texts, hold the key or its digest."""
    key = new_key("tk_live_", random_bytes)
    entry = entry_for(key, DESK)
    digest = hashlib.sha256(key.encode()).digest()
    ring = Keyring([entry])
    shown = f"{ring!r} {ring} {entry!r} {entry} {ring.grants} {vars(ring)}"
    assert not [secret for secret in (key, digest.hex(), repr(digest)) if secret in shown]
    assert repr(ring) == "Keyring(desk)"


def test_the_first_ring_wins():
    """When two rings hold one key, the grant of the one that was asked to merge counts."""
    mine, theirs = Grant(name="mine"), Grant(name="theirs")
    ring = Keyring([entry_for(KEY, mine)]).merged(Keyring([entry_for(KEY, theirs), entry_for(OTHER, theirs)]))
    assert ring.check(KEY, "tradyn") == mine
    assert ring.check(OTHER, "tradyn") == theirs


# --- demo keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["securitypro", "tradyn", "guide", "rails", "marketai"])
def test_the_printed_key_opens_every_protocol(dialect):
    """The published key works everywhere, with every scope."""
    grant = Keyring.demo().check(DEMO, dialect)
    assert (grant.scopes, grant.tier) == (tuple(Scope), Tier.MAX)


def test_the_printed_basic_key_opens_one_protocol():
    """The elided key works as printed, dots and all, to read at the basic tier in one protocol."""
    grant = Keyring.demo().check(DEMO_BASIC, "marketai")
    assert (grant.scopes, grant.tier) == ((Scope.READ,), Tier.BASIC)
    assert Keyring.demo().check(DEMO_BASIC, "tradyn") is None
    assert Keyring.demo().check("mk_live_abc123", "marketai") is None


@pytest.mark.parametrize(
    ("host", "demo_keys", "accepted"),
    [
        ("127.0.0.1", True, True),
        ("127.8.9.10", True, True),
        ("::1", True, True),
        ("localhost", True, True),
        ("127.0.0.1", False, False),
        ("0.0.0.0", True, False),
        ("::", True, False),
        ("", True, False),
        ("192.168.1.5", True, False),
        ("localhost.example.com", True, False),
    ],
)
def test_demo_keys_work_on_loopback_only(host, demo_keys, accepted):
    """A key everybody knows opens nothing that another machine can reach."""
    settings = Settings(host=host, demo_keys=demo_keys)
    assert demo_keys_accepted(settings) is accepted
    assert (keyring_for(settings).check(DEMO, "tradyn") is not None) is accepted


def test_a_keys_file_joins_the_demo_keys(keyfile):
    """On loopback both work; elsewhere the file's alone."""
    path = keyfile(f'[[key]]\nname = "desk"\nsha256 = "{SHA256}"\n')
    near, far = keyring_for(Settings(keys=path)), keyring_for(Settings(keys=path, host="0.0.0.0"))
    assert [grant.name for grant in near.grants] == ["desk", "demo", "demo-basic"]
    assert [grant.name for grant in far.grants] == ["desk"]


# --- making ----------------------------------------------------------------------------------------


def test_a_new_key_is_its_prefix_and_its_randomness():
    """All 128 bits are in the text, and nothing else is."""
    assert new_key("mk_test_", bytes(range(16))) == "mk_test_000102030405060708090a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("prefix", "random_bytes"), [("", bytes(16)), ("tk_LIVE_", bytes(16)), ("tk_live_", bytes(15))]
)
def test_a_key_that_could_not_be_found_or_could_be_guessed_is_not_made(prefix, random_bytes):
    """A prefix that redaction would miss, or too little randomness, is refused."""
    with pytest.raises(ValueError, match=r"prefix|random bytes"):
        new_key(prefix, random_bytes)


# --- the file --------------------------------------------------------------------------------------


def test_what_is_added_is_read_back(tmp_path):
    """A file made from nothing gives back every grant and digest, in order."""
    path = tmp_path / "keys.toml"
    entries = (entry_for(KEY, DESK), entry_for(OTHER, Grant(name="reader")))
    for entry in entries:
        add_entry(path, entry)
    assert read_entries(path) == entries


def test_adding_keeps_what_the_operator_wrote(keyfile):
    """Comments and order stay; the new key follows, and only its digest is written."""
    path = keyfile(f'# ours\n[[key]]\nname = "a"  # first\nsha256 = "{"0" * 64}"\n')
    add_entry(path, entry_for(KEY, DESK))
    assert path.read_text(encoding="utf-8") == (
        f'# ours\n[[key]]\nname = "a"  # first\nsha256 = "{"0" * 64}"\n\n'
        '[[key]]\nname = "desk"\naccount = 7\ntier = "pro"\nscopes = ["read", "trade"]\n'
        f'dialects = ["tradyn"]\nsha256 = "{SHA256}"\n'
    )


def test_only_the_owner_may_read_the_file(keyfile):
    """Whatever its mode was, it ends as 0600, and nothing else is left beside it."""
    path = keyfile("")
    path.chmod(0o644)
    add_entry(path, entry_for(KEY, DESK))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_symbolic_link_stays_one(keyfile, tmp_path):
    """The file that a link points to is replaced, not the link."""
    path = keyfile("")
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    add_entry(link, entry_for(KEY, DESK))
    assert link.is_symlink()
    assert read_entries(path) == (entry_for(KEY, DESK),)


@pytest.mark.parametrize(
    ("key", "grant", "message"),
    [
        (OTHER, DESK, "key 2: name: key 1 has the same; each needs its own"),
        (KEY, Grant(name="twin"), "key 2: sha256: key 1 has the same; each needs its own"),
        (OTHER, Grant(name='a"\nb'), 'key 2: name: found "a\\"\\nb"; allowed: 1 to 64 of'),
    ],
)
def test_a_key_that_does_not_fit_changes_nothing(tmp_path, key, grant, message):
    """A second key of one name, the same key twice, a name that would break the file."""
    path = tmp_path / "keys.toml"
    add_entry(path, entry_for(KEY, DESK))
    before = path.read_bytes()
    with pytest.raises(ConfigError) as caught:
        add_entry(path, entry_for(key, grant))
    assert str(caught.value).startswith(f"{path}: {message}")
    assert path.read_bytes() == before


def test_a_failed_write_leaves_the_old_file(keyfile, monkeypatch):
    """A disk that fails half-way costs the new key, not the old ones."""

    def fail(_):
        raise OSError(28, "No space left on device")

    path = keyfile("# ours\n")
    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
        add_entry(path, entry_for(KEY, DESK))
    assert path.read_text(encoding="utf-8") == "# ours\n"
    assert list(path.parent.iterdir()) == [path]


GOOD = f'name = "a"\nsha256 = "{SHA256}"\n'
NAMES = "1 to 64 of A-Z a-z 0-9 . _ @ - and space, a letter or digit first"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[key]]\nname =\n", ":2: is not TOML: Invalid value (at line 2, column 7)"),
        ("# a\n[[key]", ":2: is not TOML: Expected ']]' at the end of an array declaration (at "),
        ("keys = 1\n", ': found "keys"; allowed: [[key]]'),
        ("[key]\n", ": found a single key; allowed: [[key]], in double brackets"),
        ("key = [1]\n", ": key 1: found 1; allowed: a table"),
        (
            '[[key]]\nname = "a"\n',
            ": key 1: sha256: found nothing; allowed: the 64 hexadecimal digits of a SHA-256",
        ),
        (
            f'[[key]]\nname = "a"\nsha256 = "{KEY}"\n',
            ": key 1: sha256: found 40 characters; allowed: the 64 hexa",
        ),
        (f'[[key]]\nsha256 = "{SHA256}"\n', ": key 1: name: found nothing; allowed: a value; it is required"),
        (f'[[key]]\nsha256 = "{SHA256}"\nname = ""\n', f': key 1: name: found ""; allowed: {NAMES}'),
        (f"[[key]]\n{GOOD}account = -1\n", ": key 1: account: found -1; allowed: an integer from 0"),
        (f"[[key]]\n{GOOD}account = true\n", ": key 1: account: found true; allowed: an integer from 0"),
        (f'[[key]]\n{GOOD}tier = "gold"\n', ': key 1: tier: found "gold"; allowed: free, basic, pro, max'),
        (f'[[key]]\n{GOOD}scopes = ["reed"]\n', ': key 1: scopes: found "reed"; allowed: read, trade, admin'),
        (
            f'[[key]]\n{GOOD}scopes = "read"\n',
            ': key 1: scopes: found "read"; allowed: a list, in square brackets',
        ),
        (
            f"[[key]]\n{GOOD}dialects = [1]\n",
            ": key 1: dialects: found 1; allowed: names of protocols, such as",
        ),
        (
            f'[[key]]\n{GOOD}key = "{KEY}"\n',
            (
                ": key 1: key: found an unknown field; "
                "allowed: sha256, secret_sha256, name, account, tier, scopes, dialects"
            ),
        ),
        (f"[[key]]\n{GOOD}[[key]]\n{GOOD}", ": key 2: name: key 1 has the same; each needs its own"),
    ],
)
def test_a_bad_file_is_explained(keyfile, text, message):
    """File, line or key, field, what was found and what is allowed; never a key that strayed into it."""
    path = keyfile(text)
    with pytest.raises(ConfigError) as caught:
        Keyring.from_file(path)
    assert str(caught.value).startswith(f"{path}{message}")
    assert KEY not in str(caught.value)


def test_an_unreadable_file_is_explained(tmp_path):
    """Missing, a folder, not text: each says so."""
    (tmp_path / "latin").write_bytes(b"\xff")
    for name, message in [
        ("none", "cannot be read: No such file or directory"),
        ("", "cannot be read: Is a directory"),
        ("latin", "is not UTF-8 text"),
    ]:
        with pytest.raises(ConfigError) as caught:
            read_entries(tmp_path / name)
        assert caught.value.what == message


@given(st.text(max_size=200))
def test_any_text_gives_keys_or_an_explanation(text):
    """Nothing that a file may hold escapes as another error."""
    try:
        outcome = _entries(text, "keys.toml")
    except ConfigError as error:
        outcome = error
    assert isinstance(outcome, tuple) or outcome.where.startswith("keys.toml")
