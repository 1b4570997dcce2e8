"""Keys are kept as digests, checked whole, and never shown."""

import hashlib
import stat

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import Settings
from feed.errors import ConfigError
from feed.model.grants import Grant, Scope, Tier
from feed.server.keyedit import add_entry, revoke, rotate
from feed.server.keyfile import parse_entries, read_entries
from feed.server.keys import KeyStore, demo_entries, demo_keys_wanted, entry_for, new_key
from feed.settings import Listen

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


def opened(ring, key, dialect, *, local=True):
    """What a key allows, None where it is refused."""
    entry = ring.find(key, dialect, local=local)
    return None if entry is None else entry.grant


# --- checking --------------------------------------------------------------------------------------


def test_a_key_opens_what_its_grant_names():
    """The grant comes back for a protocol it names, and for no other."""
    ring = KeyStore([entry_for(KEY, DESK)])
    assert opened(ring, KEY, "tradyn") == DESK
    assert opened(ring, KEY, "rails") is None


def test_a_grant_that_names_no_protocol_is_good_for_all():
    """An empty list of protocols means every one."""
    ring = KeyStore([entry_for(KEY, Grant(name="all"))])
    assert opened(ring, KEY, "anything") == Grant(name="all")


@given(st.text(max_size=300))
def test_a_wrong_key_opens_nothing(key):
    """Whatever text is presented, half surrogates too: without the key there is no grant."""
    ring = KeyStore([entry_for(KEY, Grant(name="desk")), *demo_entries()])
    assert (opened(ring, key, "tradyn") is None) == (key not in {KEY, DEMO})


@given(st.integers(0, len(KEY) - 1), st.characters())
def test_a_key_with_one_wrong_character_opens_nothing(at, character):
    """Being close to a key is worth nothing."""
    close = KEY[:at] + character + KEY[at + 1 :]
    assert (opened(KeyStore([entry_for(KEY, DESK)]), close, "tradyn") is None) == (close != KEY)


def test_half_a_surrogate_pair_is_a_wrong_key():
    """A JSON text may hold what UTF-8 cannot: refused, not a crash."""
    assert opened(KeyStore.demo(), "\ud800", "tradyn") is None


def test_a_long_key_is_refused_unhashed(monkeypatch):
    """Past 256 characters no digest is computed, whoever it may belong to."""
    longest, longer = "k" * 256, "k" * 257
    ring = KeyStore([entry_for(longest, DESK), entry_for(longer, DESK)])
    assert opened(ring, longest, "tradyn") == DESK
    monkeypatch.setattr("feed.server.keys.hashlib", None)
    assert opened(ring, longer, "tradyn") is None


@given(st.binary(min_size=16, max_size=16))
def test_nothing_that_is_kept_shows_the_key(random_bytes):
    """Neither a keyring nor its entries, in any of their texts, hold the key or its digest."""
    key = new_key("tk_live_", random_bytes)
    entry = entry_for(key, DESK)
    digest = hashlib.sha256(key.encode()).digest()
    ring = KeyStore([entry])
    shown = f"{ring!r} {ring} {entry!r} {entry} {ring.grants} {vars(ring)}"
    assert not [secret for secret in (key, digest.hex(), repr(digest)) if secret in shown]
    assert repr(ring) == "Keyring(desk)"


def test_the_first_of_two_wins():
    """When one key stands there twice, what was said first counts."""
    mine, theirs = Grant(name="mine"), Grant(name="theirs")
    ring = KeyStore([entry_for(KEY, mine), entry_for(KEY, theirs), entry_for(OTHER, theirs)])
    assert opened(ring, KEY, "tradyn") == mine
    assert opened(ring, OTHER, "tradyn") == theirs


def test_a_key_ends_when_it_should():
    """To the second, by the clock of the ring; and whoever stands on it is told so."""
    now = 1000.0
    entry = attrs.evolve(entry_for(KEY, DESK), until=1001.0)
    ring = KeyStore([entry], clock=lambda: now)
    assert (opened(ring, KEY, "tradyn"), ring.accepts(entry), ring.next_end()) == (DESK, True, 1.0)
    now = 1001.0
    assert (opened(ring, KEY, "tradyn"), ring.accepts(entry), ring.next_end()) == (None, False, None)
    assert ring.marked(entry.mark, "tradyn") is None


def test_a_key_that_allows_something_else_is_not_the_same():
    """Its holder must show it again to be told what it allows now."""
    entry = entry_for(KEY, DESK)
    ring = KeyStore([entry])
    assert ring.accepts(entry)
    ring.replace([entry_for(KEY, attrs.evolve(DESK, scopes=(Scope.READ,)))])
    assert not ring.accepts(entry)
    ring.replace([])
    assert not ring.accepts(entry)


# --- demo keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["securitypro", "tradyn", "guide", "rails", "marketai"])
def test_the_printed_key_opens_every_protocol(dialect):
    """The published key works everywhere, to read and to trade; nobody steers the market with it."""
    grant = opened(KeyStore.demo(), DEMO, dialect)
    assert (grant.scopes, grant.tier) == ((Scope.READ, Scope.TRADE), Tier.MAX)


def test_the_printed_basic_key_opens_one_protocol():
    """The elided key works as printed, dots and all, to read at the basic tier in one protocol."""
    grant = opened(KeyStore.demo(), DEMO_BASIC, "marketai")
    assert (grant.scopes, grant.tier) == ((Scope.READ,), Tier.BASIC)
    assert opened(KeyStore.demo(), DEMO_BASIC, "tradyn") is None
    assert opened(KeyStore.demo(), "mk_live_abc123", "marketai") is None


@pytest.mark.parametrize(
    ("host", "listen", "demo_keys", "wanted"),
    [
        ("127.0.0.1", None, None, True),
        ("127.8.9.10", None, True, True),
        ("::1", None, True, True),
        ("localhost", None, True, True),
        ("127.0.0.1", None, False, False),
        ("127.0.0.1", "0.0.0.0", None, True),
        ("0.0.0.0", "127.0.0.1", None, True),
        ("0.0.0.0", None, None, False),
        ("0.0.0.0", None, False, False),
        ("::", None, None, False),
        ("", None, None, False),
        ("192.168.1.5", None, None, False),
        ("localhost.example.com", None, None, False),
    ],
)
def test_demo_keys_are_for_ports_that_nobody_else_can_reach(host, listen, demo_keys, wanted):
    """If there is one; which connections it is good for is looked at for each."""
    further = (Listen("marketai", listen, 0),) if listen else ()
    assert demo_keys_wanted(Settings(host=host, listen=further, demo_keys=demo_keys)) is wanted


@pytest.mark.parametrize(
    ("host", "listen", "place"),
    [
        ("0.0.0.0", "127.0.0.1", "--host 0.0.0.0"),
        ("", "127.0.0.1", "--host (any)"),
        ("127.0.0.1", "0.0.0.0", "--listen 0.0.0.0"),
        ("::1", "192.168.1.5", "--listen 192.168.1.5"),
    ],
)
def test_demo_keys_that_are_asked_for_where_they_must_not_work_are_refused(host, listen, place):
    """Rather than ignored; the reason is named, and the place."""
    with pytest.raises(ConfigError) as caught:
        demo_keys_wanted(Settings(host=host, listen=(Listen("marketai", listen, 0),), demo_keys=True))
    assert str(caught.value) == (
        f"--demo-keys: everybody knows these keys, and other machines can reach {place}; "
        "leave it out, and make keys of your own: feed keys add keys.toml --name NAME"
    )


def test_a_demo_key_is_good_within_this_machine_alone():
    """Shown on a connection that may come from another it is a wrong key."""
    assert opened(KeyStore.demo(), DEMO, "tradyn", local=True) is not None
    assert opened(KeyStore.demo(), DEMO, "tradyn", local=False) is None
    assert KeyStore.demo().find(DEMO, "rails") is None
    assert KeyStore.demo().marked(demo_entries()[0].mark, "rails") is None


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
                "allowed: sha256, secret_sha256, passphrase_sha256, until, public_key, name, account, tier,"
            ),
        ),
        (
            f'[[key]]\n{GOOD}until = "2026-01-01T00:00:00Z"\n',
            ': key 1: until: found "2026-01-01T00:00:00Z"; allowed: a time with its offset, such as',
        ),
        (
            f"[[key]]\n{GOOD}until = 2026-01-01T00:00:00\n",
            ': key 1: until: found "2026-01-01 00:00:00"; allow',
        ),
        (f"[[key]]\n{GOOD}until = 2026-01-01\n", ": key 1: until: found"),
        (f"[[key]]\n{GOOD}[[key]]\n{GOOD}", ": key 2: name: key 1 has the same; each needs its own"),
    ],
)
def test_a_bad_file_is_explained(keyfile, text, message):
    """File, line or key, field, what was found and what is allowed; never a key that strayed into it."""
    path = keyfile(text)
    with pytest.raises(ConfigError) as caught:
        read_entries(path)
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
        outcome = parse_entries(text, "keys.toml")
    except ConfigError as error:
        outcome = error
    assert isinstance(outcome, tuple) or outcome.where.startswith("keys.toml")


# --- taking away, and changing ---------------------------------------------------------------------

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z
THREE = (
    "# ours\n\n# the desk\n[[key]]  # of Monday\n"
    f'name = "desk"\nsha256 = "{SHA256}"\nsecret_sha256 = "{"1" * 64}"\ntier = "pro"\n'
    "\n# the readers\n[[ key ]]\n"
    f'name = "reader"\nsha256 = "{"2" * 64}"\n'
    f'[[key]]\nname = "last"\nsha256 = "{"3" * 64}"\n# the end\n'
)


def test_a_revoked_key_is_gone_and_the_rest_stays_as_it_was(keyfile):
    """Comments of others too; its own goes with it but for what leads to the next."""
    path = keyfile(THREE)
    assert revoke(path, "desk") == 1
    assert [entry.grant.name for entry in read_entries(path)] == ["reader", "last"]
    assert path.read_text(encoding="utf-8") == THREE.replace(
        THREE[THREE.index("[[key]]") : THREE.index("\n# the readers")], ""
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in ("reader", "last"):
        revoke(path, name)
    assert read_entries(path) == ()
    assert path.read_text(encoding="utf-8").startswith("# ours")


def test_a_rotated_key_stays_good_for_the_overlap(keyfile):
    """The old one ends to the second; the new one allows the same, whatever the caller says."""
    path = keyfile(THREE)
    old = read_entries(path)
    assert rotate(path, "desk", entry_for(OTHER, Grant(name="?"), secret="hush"), now=NOW, overlap=3600) == (
        NOW + 3600
    )
    assert read_entries(path) == (
        attrs.evolve(old[0], until=NOW + 3600),
        *old[1:],
        entry_for(OTHER, old[0].grant, secret="hush"),
    )
    assert "[[key]]  # of Monday\nuntil = 2027-01-15T09:00:00Z\n" in path.read_text(encoding="utf-8")
    ring = KeyStore(read_entries(path), clock=lambda: NOW + 3600)
    assert (opened(ring, KEY, "tradyn"), opened(ring, OTHER, "tradyn")) == (None, old[0].grant)


def test_a_key_may_be_rotated_again_and_again(keyfile):
    """Each new one is the one that the next takes the place of; what has ended goes out of the file."""
    path = keyfile(THREE)
    keys = [new_key("tk_live_", bytes([at]) * 16) for at in range(4)]
    for at, key in enumerate(keys):
        rotate(path, "desk", entry_for(key, DESK), now=NOW + 10 * at, overlap=15)
    named = [entry for entry in read_entries(path) if entry.grant.name == "desk"]
    assert [entry.until for entry in named] == [NOW + 35, NOW + 45, None]
    assert [entry.digest for entry in named] == [entry_for(key, DESK).digest for key in keys[1:]]
    assert revoke(path, "desk") == 3


def test_a_key_rotated_without_an_overlap_ends_at_once(keyfile):
    """As it should when it has leaked."""
    path = keyfile(THREE)
    rotate(path, "reader", entry_for(OTHER, DESK), now=NOW, overlap=0)
    assert [entry.grant.name for entry in read_entries(path)] == ["desk", "last", "reader"]
    assert "2" * 64 not in path.read_text(encoding="utf-8")
    assert "# the readers" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (THREE.replace("desk", "disk"), "there is no key 'desk'; known are disk, reader, last"),
        ("", "there is no key 'desk'; known are none"),
        (
            f'key = [{{name = "desk", sha256 = "{SHA256}"}}]\n',
            "its keys are not written as [[key]] tables",
        ),
        (
            THREE.replace('tier = "pro"', 'tier = "pro"\ndialects = ["""\\\n[[key]]\n"""]'),
            "key 1: dialects: found",
        ),
        (
            f'[["key"]]\nname = "desk"\nsha256 = "{SHA256}"\n[[key]]\nname = "b"\nsha256 = "{"4" * 64}"\n',
            "its keys are not written as [[key]] tables; edit it by hand",
        ),
    ],
)
@pytest.mark.parametrize(
    "change",
    [
        lambda path: revoke(path, "desk"),
        lambda path: rotate(path, "desk", entry_for(OTHER, DESK), now=NOW, overlap=1),
    ],
    ids=["revoke", "rotate"],
)
def test_a_file_that_cannot_be_changed_safely_stays(keyfile, text, problem, change):
    """One sentence says why; not a byte is touched."""
    path = keyfile(text)
    with pytest.raises(ConfigError) as caught:
        change(path)
    assert problem in str(caught.value)
    assert path.read_text(encoding="utf-8") == text
