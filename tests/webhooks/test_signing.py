"""Signatures, by the published scheme."""

import base64

from feed.webhooks.signing import headers, secret_text, signature


def test_the_signature_is_that_of_the_published_example():
    """Secret, id, timestamp, body and signature of the reference implementations' own test."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    found = signature(
        secret, message="msg_p5jXN8AQM9LWM0D4loKWxJek", timestamp=1614265330, body=b'{"test": 2432232314}'
    )
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_told_as_the_scheme_has_it():
    """With its prefix, in base 64."""
    assert secret_text(bytes(3)) == "whsec_AAAA"


def test_headers_bear_id_time_and_signature():
    """By the names of the scheme."""
    found = headers(b"secret", message="msg_1", timestamp=7, body=b"{}")
    assert list(found) == ["webhook-id", "webhook-timestamp", "webhook-signature"]
    assert found["webhook-id"] == "msg_1"
    assert found["webhook-timestamp"] == "7"
    assert found["webhook-signature"] == signature(b"secret", message="msg_1", timestamp=7, body=b"{}")
