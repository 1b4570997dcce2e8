"""Signatures are checked with what is known of a key, and what is known is not shown."""

import hashlib
import hmac

import attrs
from hypothesis import given
from hypothesis import strategies as st

from feed.dialects.credentials import Credentials, hmac_matches
from feed.model.grants import Grant


@given(st.binary(min_size=1), st.binary(), st.binary(max_size=32), st.sampled_from(["sha256", "sha512"]))
def test_an_hmac_matches_itself_alone(secret, message, other, algorithm):
    """Whatever is signed, and by whatever digest."""
    good = hmac.new(secret, message, algorithm).digest()
    assert hmac_matches(secret, message, good, algorithm=algorithm)
    assert hmac_matches(secret, message, other, algorithm=algorithm) == (other == good)
    assert not hmac_matches(secret, message + b"x", good, algorithm=algorithm)
    assert len(good) == hashlib.new(algorithm).digest_size


def test_a_secret_is_not_shown():
    """Neither by the value itself nor by what an error would print of it."""
    known = Credentials(grant=Grant(name="desk"), mark="m", secret="hush")
    assert "hush" not in repr(known)
    assert "hush" not in repr(attrs.fields(Credentials))
