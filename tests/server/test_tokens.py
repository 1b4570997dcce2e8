"""Access tokens: what is looked at, and that nothing else opens the door."""

import base64
import hmac
import json

import jwt
import pytest

from feed.dialects.contract import Bearer
from feed.errors import ConfigError
from feed.model.grants import Grant, Scope
from feed.model.ids import user_id
from feed.server.keys import KeyStore, entry_for, has_secret
from feed.server.tokens import TokenIssuer, signing_key
from feed.settings import Tokens

NOW = 1_800_000_000
KEY = bytes(range(32))
TRADER = Grant(name="trader", account=3, scopes=(Scope.READ, Scope.TRADE))
PICKY = Grant(name="picky", account=4, dialects=("tradyn",))
TRADING, PICKING = entry_for("k" * 40, TRADER), entry_for("p" * 40, PICKY)
RING = KeyStore([TRADING, PICKING])
# As the document prints it.
PRINTED = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdGFnaW5nLmZ1bmdpYmxlLnh5eiIsInN1YiI6ImQxM2I1MzBmL"
    "WFmNzMtNDBmOS04ZjhlLWVkNzk1OTU3YTU3ZiIsImF1ZCI6WyJzdGFnaW5nLWFwcC5mdW5naWJsZS54eXoiXSwiZXhwIjoxNzAz"
    "MzA1NzQwLCJpYXQiOjE3MDMzMDM5NDB9.vsHe4G_yEkRfz8XNoTKcX83udA-LUysWD4q80wfCC8k"
)


def office(now=NOW, key=KEY, **settings):
    return TokenIssuer(RING, settings=Tokens(**settings), signing_key=key, clock=lambda: now)


def claims(**change):
    good = {"iss": "feed", "sub": "x", "aud": ["feed"], "exp": NOW + 1800, "iat": NOW, "key": TRADING.mark}
    return {name: value for name, value in {**good, **change}.items() if value is not None}


def signed(payload, *, key=KEY, algorithm="HS256"):
    return jwt.encode(payload, key, algorithm=algorithm)


def test_a_token_says_what_the_document_says():
    """Issuer, account as UUID, audience as a list, and half an hour; and a mark of the key."""
    token = office().issue(TRADING)
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    assert jwt.decode(token, options={"verify_signature": False}) == {
        "iss": "feed",
        "sub": user_id(3),
        "aud": ["feed"],
        "exp": NOW + 1800,
        "iat": NOW,
        "key": TRADING.mark,
    }


@pytest.mark.parametrize(("later", "good"), [(0, True), (1799, True), (1800, False), (-5, True), (-6, False)])
def test_a_token_is_good_for_its_time(later, good):
    """To the second; another machine's clock may be a little ahead."""
    bearer = office(NOW + later).check(office().issue(TRADING), "rails")
    assert (bearer is not None) == good
    if bearer is not None:
        assert (bearer.entry, bearer.bearer) == (TRADING, Bearer(grant=TRADER, seconds=1800 - later))


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "staging.fungible.xyz"},
        {"aud": ["elsewhere"]},
        {"exp": NOW},
        {"exp": NOW + 1801},
        {"exp": "soon"},
        {"exp": True},
        {"iat": NOW + 60},
        {"iat": 1.5},
        {"key": "somebody"},
        {"key": PICKING.mark},
        {"key": "trader"},
        {"key": [TRADING.mark]},
        {"iss": None},
        {"sub": None},
        {"aud": None},
        {"exp": None},
        {"iat": None},
        {"key": None},
    ],
)
def test_a_claim_that_is_wrong_or_missing_refuses_the_token(change):
    """Although it is signed as it should be."""
    assert office().check(signed(claims()), "rails") is not None
    assert office().check(signed(claims(**change)), "rails") is None


def test_only_one_algorithm_is_looked_at():
    """A token that says it needs no signature, or another, is refused whatever it carries."""
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=").decode()
    for algorithm in ("none", "None", "HS256", "RS256", "HS512"):
        head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "typ": "JWT"}).encode())
        for signature in ("", "AAAA"):
            assert office().check(f"{head.rstrip(b'=').decode()}.{body}.{signature}", "rails") is None
    assert office(key=bytes(64)).check(signed(claims(), key=bytes(64), algorithm="HS512"), "rails") is None
    assert office().check(signed(claims(), key=bytes(32)), "rails") is None


def test_a_changed_token_is_refused():
    """One character anywhere, another's payload, or the document's own token."""
    token = office().issue(TRADING)
    head, body, signature = token.split(".")
    other = office().issue(PICKING).split(".")[1]
    forged = hmac.new(b"guess", f"{head}.{body}".encode(), "sha256").digest()
    texts = [
        f"{head}.{other}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}.{base64.urlsafe_b64encode(forged).decode().rstrip('=')}",
        f"{head}.{body[:-2]}AA.{signature}",
        f"{token}.{signature}",
        PRINTED,
        "",
        "....",
        "a" * 5000,
        "\u00fc.\u00fc.\u00fc",
    ]
    assert [office().check(text, "rails") for text in texts] == [None] * len(texts)
    assert office().check(token, "rails") is not None


def test_a_token_ends_with_its_key():
    """The key was taken away, or is not good for the protocol."""
    token = office().issue(PICKING)
    assert office().check(token, "tradyn") is not None
    assert office().check(token, "rails") is None
    empty = TokenIssuer(KeyStore(), settings=Tokens(), signing_key=KEY, clock=lambda: NOW)
    assert empty.check(office().issue(TRADING), "rails") is None


def test_a_token_ends_with_its_key_although_the_name_stays():
    """Another key in its place is another key; and one that changes is gone for offices that are open."""
    ring = KeyStore([TRADING])
    issuer = TokenIssuer(ring, settings=Tokens(), signing_key=KEY, clock=lambda: NOW)
    token = issuer.issue(TRADING)
    assert issuer.check(token, "rails").entry == TRADING
    ring.replace([entry_for("n" * 40, TRADER)])
    assert issuer.check(token, "rails") is None


def test_the_signing_key_comes_from_a_file_or_is_made_up(tmp_path):
    """32 bytes at least, whatever space is around them."""
    path = tmp_path / "signing.key"
    path.write_bytes(b"k" * 32 + b"\n")
    assert signing_key(path, pytest.fail) == b"k" * 32
    assert signing_key(None, bytes) == bytes(32)
    path.write_bytes(b"short\n")
    with pytest.raises(ConfigError, match="has 5 bytes"):
        signing_key(path, pytest.fail)
    with pytest.raises(ConfigError, match="cannot be read"):
        signing_key(tmp_path / "none", pytest.fail)
    with pytest.raises(ValueError, match="32 bytes"):
        office(key=b"short")


@pytest.mark.parametrize("end", [b" ", b"\n", b"\t", b"\r\n"])
def test_of_a_random_signing_key_every_byte_counts(tmp_path, end):
    """One of twenty begins or ends with what would be white space in a text."""
    path = tmp_path / "signing.key"
    for key in (bytes(range(128, 160 - len(end))) + end, end + bytes(range(128, 160 - len(end)))):
        path.write_bytes(key)
        assert signing_key(path, pytest.fail) == key


def test_a_secret_goes_with_its_key():
    """Both must be right; a key without a secret has none that is good."""
    ring = KeyStore([entry_for("one", TRADER, secret="hush"), entry_for("two", PICKY)])
    assert has_secret(ring.find("one", "rails"), "hush")
    for key, secret in (("one", "hus"), ("one", ""), ("two", "hush"), ("two", "")):
        assert not has_secret(ring.find(key, "tradyn"), secret)
    assert not has_secret(ring.find("one", "rails"), "h" * 300)
