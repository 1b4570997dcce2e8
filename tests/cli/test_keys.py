"""``feed keys``: a key is printed once and kept nowhere."""

import hashlib
import re

import pytest

from feed.model.grants import Grant, Scope, Tier
from feed.server.keyfile import read_entries
from feed.server.keys import KeyStore, has_secret


def granted(path, key, dialect):
    """What a key allows that stands in a file; None when it is refused."""
    entry = KeyStore(read_entries(path)).find(key, dialect)
    return None if entry is None else entry.grant


@pytest.fixture
def path(tmp_path):
    return tmp_path / "keys.toml"


def test_a_new_key_is_shown_once_and_only_its_digest_is_kept(run, path):
    """The key is the whole of stdout; neither the file nor stderr has it; and it opens."""
    code, out, err = run("keys", "add", path, "--name", "desk")
    key = out.removesuffix("\n")
    assert (code, err) == (0, f"Keep it: it is shown this once. {path} holds its digest only.\n")
    assert len(key.removeprefix("tk_live_")) == 32
    text = path.read_text(encoding="utf-8")
    assert key not in text
    assert hashlib.sha256(key.encode()).hexdigest() in text
    assert granted(path, key, "tradyn") == Grant(name="desk")


@pytest.mark.protocols("rails")
def test_every_option_reaches_the_grant(run, path):
    """What was asked for is what the key allows."""
    line = "--name desk --account 7 --tier pro --scope read --scope trade --dialect rails --prefix mk_test_"
    key = run("keys", "add", path, *line.split())[1].strip()
    assert key.startswith("mk_test_")
    assert granted(path, key, "rails") == Grant(
        name="desk", account=7, tier=Tier.PRO, scopes=(Scope.READ, Scope.TRADE), dialects=("rails",)
    )


def test_two_keys_differ(run, path):
    """Randomness is drawn for each key."""
    first, second = (run("keys", "add", path, "--name", name)[1] for name in ("a", "b"))
    assert first != second


@pytest.mark.protocols("tradyn", "rails")
def test_list_shows_names_and_no_key(run, path):
    """Who may do what, in file order; neither keys nor digests."""
    run("keys", "add", path, "--name", "desk", "--account", "7", "--scope", "read", "--scope", "trade")
    run("keys", "add", path, "--name", "x", "--dialect", "tradyn", "--dialect", "rails")
    assert run("keys", "list", path) == (
        0,
        (
            "name  account  tier  scopes      dialects      signs  until\n"
            "desk  7        free  read,trade  all\n"
            "x     0        free  read        tradyn,rails\n"
        ),
        "",
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("add {path} --name a/b", '{path}: key 1: name: found "a/b"; allowed: 1 to 64 of'),
        (
            "add {path} --name a --tier gold",
            "--tier: 'gold' is not one of 'free', 'basic', 'pro', 'max'; see",
        ),
        ("add {path} --name a --scope write", "--scope: 'write' is not one of 'read', 'trade', 'admin'; see"),
        ("add {path} --name a --account -1", "{path}: key 1: account: found -1; allowed: an integer from 0"),
        (
            "add {path} --name a --prefix key",
            "--prefix: 'key' is not two letters, then _live_ or _test_; see",
        ),
        (
            "add {path}/none/k.toml --name a",
            "{path}/none/k.toml: cannot be written: No such file or directory",
        ),
        ("list {path}", "{path}: cannot be read: No such file or directory"),
    ],
)
def test_a_mistake_is_one_line_and_shows_no_key(run, path, line, complaint):
    """Exit code 2, nothing on stdout, nothing written."""
    code, out, err = run("keys", *line.format(path=path).split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"feed: {complaint.format(path=path)}")
    assert not path.exists()


def test_a_name_is_taken_once(run, path):
    """The second key of a name is refused, and the first still works."""
    key = run("keys", "add", path, "--name", "desk")[1].strip()
    complaint = f"feed: {path}: key 2: name: key 1 has the same; each needs its own\n"
    assert run("keys", "add", path, "--name", "desk") == (2, "", complaint)
    assert granted(path, key, "tradyn") is not None


def test_a_revoked_key_opens_nothing(run, path):
    """The others are as they were; a name that nobody has is refused with those there are."""
    gone, kept = (run("keys", "add", path, "--name", name)[1].strip() for name in ("gone", "kept"))
    assert run("keys", "revoke", path, "--name", "gone") == (0, "", f"1 key of gone taken out of {path}.\n")
    assert (granted(path, gone, "tradyn"), granted(path, kept, "tradyn")) == (None, Grant(name="kept"))
    complaint = f"feed: {path}: there is no key 'gone'; known are kept\n"
    assert run("keys", "revoke", path, "--name", "gone") == (2, "", complaint)


def test_a_rotated_key_is_shown_once_and_the_old_one_ends(run, path):
    """With a secret, if the old one had one; the list says when the old one ends."""
    old = run("keys", "add", path, "--name", "desk", "--tier", "pro", "--secret")[1].split()
    code, out, err = run("keys", "rotate", path, "--name", "desk", "--overlap", "1h30m")
    new = out.split()
    assert (code, len(new), len(new[0]), len(new[1])) == (0, 2, 40, 64)
    ring = KeyStore(read_entries(path))
    for key, secret in (old, new):
        assert ring.find(key, "rails").grant == Grant(name="desk", tier=Tier.PRO)
        assert has_secret(ring.find(key, "tradyn"), secret)
    assert not has_secret(ring.find(old[0], "rails"), new[1])
    ends = re.search(r"The old key ends at (\S+Z)\.", err)[1]
    rows = run("keys", "list", path)[1].splitlines()
    assert [row.endswith(ends) for row in rows] == [False, True, False]

    newest = run("keys", "rotate", path, "--name", "desk", "--overlap", "0s")
    assert newest[2].endswith("The old key ends at once.\n")
    assert granted(path, new[0], "rails") is None
    assert granted(path, newest[1].split()[0], "rails") is not None


def test_a_span_has_a_unit(run, path):
    """What is 90 of?"""
    run("keys", "add", path, "--name", "desk")
    code, out, err = run("keys", "rotate", path, "--name", "desk", "--overlap", "90")
    assert (code, out) == (2, "")
    assert err.startswith("feed: --overlap: '90' is no span of time such as 24h, 30m or 0s")


def test_a_key_that_signs_shows_its_secret_once_and_keeps_it_apart(run, path):
    """Key and secret on two lines; the secret stands in a file beside the keys; a new key gets a new one."""
    code, out, err = run("keys", "add", path, "--name", "bot", "--sign")
    key, secret = out.split()
    beside = path.with_name("keys.secrets.toml")
    assert (code, len(secret)) == (0, 64)
    assert err.endswith(f"The secret stays in {beside}, which checks signatures with it.\n")
    entry = KeyStore(read_entries(path)).find(key, "tradyn")
    assert entry.credentials.secret == secret
    assert has_secret(entry, secret)
    assert secret not in path.read_text()
    new = run("keys", "rotate", path, "--name", "bot", "--overlap", "0s")[1].split()
    assert [each.signing_secret for each in read_entries(path)] == [new[1]]
    assert secret not in beside.read_text()


def test_a_key_may_sign_with_a_private_key_of_its_holder(run, path, tmp_path):
    """The file of its public key is named; what is none is refused, and nothing is written."""
    text = (
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n"
        "-----END PUBLIC KEY-----\n"
    )
    (tmp_path / "public.pem").write_text(text)
    (tmp_path / "bad.pem").write_text("hush")
    for name, complaint in [
        ("bad", "is no public key in PEM; openssl pkey"),
        ("none", "cannot be read: No such file or directory"),
    ]:
        file = tmp_path / f"{name}.pem"
        code, out, err = run("keys", "add", path, "--name", "bot", "--public-key", file)
        assert (code, out, path.exists()) == (2, "", False)
        assert err.startswith(f"feed: {file}: {complaint}")
    assert run("keys", "add", path, "--name", "bot", "--public-key", tmp_path / "public.pem")[0] == 0
    assert read_entries(path)[0].public_key.pem == text
    run("keys", "add", path, "--name", "other", "--sign")
    rows = [row.split() for row in run("keys", "list", path)[1].splitlines()]
    assert [row[-1] for row in rows[1:]] == ["Ed25519", "HMAC"]


@pytest.mark.protocols("binance", "kraken")
def test_a_protocol_may_write_secrets_in_its_own_way(run, path):
    """Where another does not, each gets a key of its own, for one account."""
    for name, dialect in (("a", "binance"), ("b", "kraken")):
        code, out, _ = run(
            "keys", "add", path, "--name", name, "--dialect", dialect, "--account", 7, "--sign"
        )
        assert (code, len(out.split()[1])) == (0, {"a": 64, "b": 88}[name])
    both = ("--dialect", "binance", "--dialect", "kraken")
    code, out, err = run("keys", "add", path, "--name", "c", *both, "--sign")
    assert (code, out) == (2, "")
    assert err.endswith("make a key for each, with the same --account\n")
    assert [entry.grant.account for entry in read_entries(path)] == [7, 7]
    new = run("keys", "rotate", path, "--name", "b")[1].split()
    assert (len(new[1]), read_entries(path)[2].signing_secret) == (88, new[1])


def test_a_misspelt_protocol_is_refused(run, path):
    """Its key would look as another's, and open nothing."""
    code, out, err = run("keys", "add", path, "--name", "a", "--dialect", "krakn", "--sign")
    assert (code, out, path.exists()) == (2, "", False)
    assert err.startswith("feed: there is no protocol 'krakn'; known are ")


@pytest.mark.protocols("coinbase_exchange")
def test_a_passphrase_is_shown_on_a_line_of_its_own(run, path):
    """After key and secret; both files hold what is needed to check it, and not itself."""
    added = run("keys", "add", path, "--name", "a", "--dialect", "coinbase_exchange", "--sign")
    key, secret, passphrase = added[1].split()
    entry = KeyStore(read_entries(path)).find(key, "coinbase_exchange")
    assert entry.credentials.has_passphrase(passphrase)
    assert entry.credentials.secret == secret
    assert not [file for file in path.parent.iterdir() if passphrase in file.read_text()]
    new = run("keys", "rotate", path, "--name", "a", "--overlap", "0s")[1].split()
    assert len(new) == 3
    assert not {key, secret, passphrase} & set(new)


@pytest.mark.protocols("coinbase")
def test_a_private_key_is_made_where_the_exchange_makes_it(run, path):
    """Its name is the key; rotated, it has another name and another pair."""
    code, out, _ = run("keys", "add", path, "--name", "a", "--dialect", "coinbase", "--sign")
    name, begin, *rest = out.splitlines()
    assert (code, begin, rest[-1]) == (
        0,
        "-----BEGIN EC PRIVATE KEY-----",
        "-----END EC PRIVATE KEY-----",
    )
    assert name.startswith("organizations/")
    old = read_entries(path)[0].public_key
    new = run("keys", "rotate", path, "--name", "a", "--overlap", "0s")[1].splitlines()
    assert new[0].startswith("organizations/")
    assert new[0] != name
    (entry,) = read_entries(path)
    assert entry.public_key != old
    assert KeyStore([entry]).find(new[0], "coinbase") is not None
    assert not path.with_name("keys.secrets.toml").exists()


@pytest.mark.protocols("coinbase")
def test_a_key_has_one_pair(run, path, tmp_path):
    """A private key that is shown would open nothing if the public one were another's."""
    form = ("--dialect", "coinbase")
    pem = tmp_path / "public.pem"
    pem.write_text(
        "-----BEGIN PUBLIC KEY-----\n"
        "MCowBQYDK2VwAyEAO2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik=\n"
        "-----END PUBLIC KEY-----\n"
    )
    code, out, err = run("keys", "add", path, "--name", "a", *form, "--sign", "--public-key", pem)
    assert (code, out, path.exists()) == (2, "", False)
    assert err == "feed: --public-key: a key pair is made already; leave out --sign\n"
    assert run("keys", "add", path, "--name", "a", *form, "--public-key", pem)[0] == 0


def test_an_algorithm_is_for_keys_that_sign(run, path):
    """And is one that the protocol's keys have."""
    code, out, err = run("keys", "add", path, "--name", "a", "--algorithm", "EC")
    assert (code, out) == (2, "")
    assert err.startswith("feed: --algorithm: says with what a key signs; add --sign")
    code, out, err = run("keys", "add", path, "--name", "a", "--algorithm", "ec", "--sign")
    assert (code, out) == (2, "")
    assert err.startswith("feed: --algorithm: secrets that are made for keys of all protocols are HMAC; for")
    assert not path.exists()


def test_the_demo_keys_are_told(run):
    """All of them under their protocols; whatever there is none of is refused with what there is."""
    code, out, err = run("keys", "demo")
    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == ["# all protocols", "tk_live_a1b2c3d4e5f6", "demo-secret"]
    code, out, err = run("keys", "demo", "nobody")
    assert (code, out) == (2, "")
    assert err.startswith("feed: there is no protocol 'nobody'; known are ")


@pytest.mark.parametrize(
    ("protocol", "options", "key", "lines"),
    [
        pytest.param(protocol, options, key, lines, marks=pytest.mark.protocols(protocol))
        for protocol, options, key, lines in (
            ("binance", (), "tk_live_a1b2c3d4e5f6", 2),
            ("kraken", (), "kr_test_demo", 2),
            ("coinbase", (), "organizations/demo/apiKeys/es256", 6),
            ("coinbase", ("--algorithm", "Ed25519"), "organizations/demo/apiKeys/eddsa", 2),
        )
    ],
)
def test_the_demo_key_of_a_protocol_is_told(run, protocol, options, key, lines):
    """As lines to read: the key, and all that goes with it."""
    code, out, _ = run("keys", "demo", protocol, *options)
    assert (code, out.splitlines()[0], len(out.splitlines())) == (0, key, lines)


@pytest.mark.protocols("kraken")
def test_a_demo_key_of_another_algorithm_is_refused(run):
    """With those that the protocol has."""
    code, out, err = run("keys", "demo", "kraken", "--algorithm", "EC")
    assert (code, out) == (2, "")
    assert err == "feed: --algorithm EC: no demo key of kraken is one; allowed: HMAC\n"
