"""``feed keys``: a key is printed once and kept nowhere."""

import hashlib

import pytest

from feed.model.grants import Grant, Scope, Tier
from feed.server.keys import Keyring


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
    assert Keyring.from_file(path).check(key, "tradyn") == Grant(name="desk")


def test_every_option_reaches_the_grant(run, path):
    """What was asked for is what the key allows."""
    line = "--name desk --account 7 --tier pro --scope read --scope trade --dialect rails --prefix mk_test_"
    key = run("keys", "add", path, *line.split())[1].strip()
    assert key.startswith("mk_test_")
    assert Keyring.from_file(path).check(key, "rails") == Grant(
        name="desk", account=7, tier=Tier.PRO, scopes=(Scope.READ, Scope.TRADE), dialects=("rails",)
    )


def test_two_keys_differ(run, path):
    """Randomness is drawn for each key."""
    first, second = (run("keys", "add", path, "--name", name)[1] for name in ("a", "b"))
    assert first != second


def test_list_shows_names_and_no_key(run, path):
    """Who may do what, in file order; neither keys nor digests."""
    run("keys", "add", path, "--name", "desk", "--account", "7", "--scope", "read", "--scope", "trade")
    run("keys", "add", path, "--name", "x", "--dialect", "tradyn", "--dialect", "rails")
    assert run("keys", "list", path) == (
        0,
        (
            "name  account  tier  scopes      dialects\n"
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
    assert Keyring.from_file(path).check(key, "tradyn") is not None
