"""Tokens: who has made them, for when, and for which request."""

import base64
import json

import pytest
from coinbase_server import EC, ED25519, GRANTS, KEYS, PUBLIC, jwt

from feed.dialects.coinbase.authentication import MOST_CHARACTERS, parsed
from feed.dialects.coinbase.errors import CoinbaseError
from feed.dialects.credentials import Credentials

NOW = 1_700_000_000
REQUEST = "GET api.coinbase.com/api/v3/brokerage/accounts"
SECOND = 10**9


def check(text, *, private=EC, request=REQUEST, now=NOW):
    """Check a token; gives what was noted of its signature."""
    noted = []
    credentials = Credentials(grant=GRANTS["alice"], mark="m", public_key=PUBLIC.get(private))
    clocks = [(now * SECOND, now * SECOND), (0, SECOND)]
    parsed(text).check(credentials, clocks, noted.append, None if request is None else {request})
    return noted


@pytest.mark.parametrize("private", [EC, ED25519], ids=["ES256", "EdDSA"])
def test_a_token_of_the_keys_holder_is_good(private):
    """Each algorithm, with one request in it or several; without any where none is asked for."""
    for claims in ({"uri": REQUEST}, {"uri": None, "uris": ["GET x/y", REQUEST]}):
        assert check(jwt("alice", NOW, private=private, **claims), private=private) == [True]
    assert check(jwt("alice", NOW, private=private), private=private, request=None) == [True]
    assert parsed(jwt("alice", NOW)).key == KEYS["alice"]


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 121, "iss": "coinbase-cloud", "aud": ["retail_rest_api_proxy"], "iat": NOW},
        {"nbf": NOW - 149, "exp": NOW - 29},
        {"nbf": NOW + 29, "exp": NOW + 149},
        {"nbf": NOW + 0.25, "exp": NOW + 120.25},
        {"sub": None},
    ],
)
def test_clients_differ_in_what_else_they_say(claims):
    """A clock that is wrong by less than 30 seconds is asked twice; issuer and audience are anybody's."""
    assert check(jwt("alice", NOW, REQUEST, **claims)) == [True]


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nbf": NOW - 151, "exp": NOW - 31}, "expired"),
        ({"nbf": NOW + 31, "exp": NOW + 151}, "not yet good"),
        ({"exp": NOW + 122}, "120 seconds"),
        ({"exp": NOW - 1}, "120 seconds"),
        ({"exp": None}, "nbf and exp"),
        ({"nbf": None}, "nbf and exp"),
        ({"nbf": "now"}, "nbf and exp"),
        ({"nbf": True}, "nbf and exp"),
        ({"exp": 1e30}, "nbf and exp"),
        ({"uri": "POST api.coinbase.com/api/v3/brokerage/accounts"}, "another request"),
        ({"uri": None}, "another request"),
        ({"uri": None, "uris": REQUEST}, "another request"),
        ({"uri": {}}, "another request"),
        ({"uri": [REQUEST]}, "another request"),
        ({"uri": None, "uris": [{}, 5]}, "another request"),
        ({"sub": "somebody else"}, "sub"),
    ],
)
def test_a_token_is_for_now_and_for_one_request(claims, why):
    """By either clock; the signature of each of these is good."""
    with pytest.raises(CoinbaseError, match=why) as refused:
        check(jwt("alice", NOW, claims.pop("uri", REQUEST), **claims))
    assert (refused.value.status, refused.value.code) == (401, "unauthorized")


def test_market_time_is_as_good_as_the_wall_clocks():
    """So that an unmodified client works in a replay of another year."""
    assert check(jwt("alice", NOW, REQUEST)) == check(jwt("alice", 0, REQUEST)) == [True]


@pytest.mark.parametrize(
    ("text", "private", "why"),
    [
        (jwt("alice", NOW, REQUEST, private=ED25519), ED25519, ""),
        (jwt("alice", NOW, REQUEST, private=ED25519), EC, "does not sign with EdDSA"),
        (jwt("alice", NOW, REQUEST), ED25519, "does not sign with ES256"),
        (jwt("alice", NOW, REQUEST), None, "does not sign with ES256"),
        (jwt("alice", NOW, REQUEST, header={"alg": "none"}), EC, "must be one of ES256, EdDSA"),
        (jwt("alice", NOW, REQUEST, header={"alg": "HS256"}), EC, "must be one of ES256, EdDSA"),
        (jwt("alice", NOW, REQUEST, header={"crit": ["exp"]}), EC, "must be one of"),
        (jwt("alice", NOW, REQUEST, header={"kid": None}), EC, "kid and alg"),
        (jwt("alice", NOW, REQUEST, header={"kid": 1}), EC, "kid and alg"),
    ],
)
def test_only_the_algorithm_of_the_key_will_do(text, private, why):
    """Nobody signs with none, or with a public key for a secret."""
    if not why:
        assert check(text, private=private) == [True]
        return
    with pytest.raises(CoinbaseError, match=why):
        check(text, private=private)


def test_a_wrong_signature_is_noted():
    """Every part of a token is signed; nothing is noted of one whose signature was not looked at."""
    head, claims, signature = jwt("alice", NOW, REQUEST).split(".")
    other = jwt("alice", NOW + 1, REQUEST).split(".")
    for text in (
        f"{head}.{other[1]}.{signature}",
        f"{head}.{claims}.{other[2]}",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-4]}",
    ):
        noted = []
        credentials = Credentials(grant=GRANTS["alice"], mark="m", public_key=PUBLIC[EC])
        with pytest.raises(CoinbaseError, match="signature"):
            parsed(text).check(credentials, [(NOW * SECOND, NOW * SECOND)], noted.append, [REQUEST])
        assert noted == [False]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "e30.e30.",
        "\ud800.e30.e30",
        "e30.e30.e3\n0",
        "!!.e30.e30",
        f"{base64.b64encode(b'[]').decode()}.e30.e30",
        "a.e30.e30",
        "e30." * 3,
        f"e30.{'e30' * MOST_CHARACTERS}.e30",
        ".".join([base64.urlsafe_b64encode(json.dumps("x" * 9).encode()).decode()] * 3),
        ".".join([base64.urlsafe_b64encode(b"[" * 2000).decode().rstrip("=")] * 3),
    ],
)
def test_what_is_no_token_is_refused(text):
    """Torn, too long, or of other JSON than objects."""
    with pytest.raises(CoinbaseError, match=r"no JWT|kid and alg"):
        parsed(text)
