"""Public keys verify what their private halves have signed, and nothing else."""

import base64

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from feed.dialects.credentials import KeyType
from feed.server.publickey import new_private_key, public_key, trusted_public_key

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def jws_signature(message):
    """As RFC 7518 has it: both numbers, 32 bytes each."""
    numbers = decode_dss_signature(EC.sign(message, ec.ECDSA(hashes.SHA256())))
    return b"".join(number.to_bytes(32, "big") for number in numbers)


SIGNERS = {
    KeyType.ED25519: (ED25519, ED25519.sign),
    KeyType.RSA: (RSA, lambda message: RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())),
    KeyType.EC: (EC, jws_signature),
}


def pem(private):
    """The public half of a key, as its owner would hand it over."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.mark.parametrize("kind", SIGNERS, ids=lambda kind: kind.value)
def test_only_what_the_private_key_has_signed_verifies(kind):
    """The message to the last bit, by this key; nothing that is no signature raises."""
    private, sign = SIGNERS[kind]
    key = public_key(pem(private))
    assert key.type is kind
    assert key.verifies(b"symbol=BTCUSDT", sign(b"symbol=BTCUSDT"))
    for message, signature in [
        (b"symbol=BTCUSDU", sign(b"symbol=BTCUSDT")),
        (b"symbol=BTCUSDT", sign(b"symbol=BTCUSDT")[:-1]),
        (b"symbol=BTCUSDT", b""),
        (b"symbol=BTCUSDT", bytes(64)),
    ]:
        assert not key.verifies(message, signature)


def test_keys_are_equal_by_their_text():
    """However its lines were broken when it was handed over."""
    text = pem(ED25519)
    assert public_key(text) == public_key(text.replace("\n", "\r\n")) != public_key(pem(EC))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no public key in PEM"),
        ("-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----\n", "no public key in PEM"),
        ("\ud800", "no public key in PEM"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "another algorithm"),
        (pem(x25519.X25519PrivateKey.generate()), "another algorithm"),
    ],
    ids=["empty", "torn", "surrogate", "P-384", "X25519"],
)
def test_what_is_no_public_key_is_refused(text, why):
    """Torn, or of an algorithm that nobody signs requests with."""
    with pytest.raises(ValueError, match=why):
        public_key(text)


@pytest.mark.parametrize("kind", [KeyType.EC, KeyType.ED25519], ids=lambda kind: kind.value)
@pytest.mark.parametrize("random_bytes", [bytes(32), bytes(range(32)), b"\xff" * 32])
def test_a_private_key_is_made_of_any_bytes(kind, random_bytes):
    """The same ones make the same key, as clients of exchanges take it."""
    made = new_private_key(kind, random_bytes)
    assert made == new_private_key(kind, random_bytes)
    assert public_key(made.public_pem).type is kind
    assert made.text not in repr(made)
    if kind is KeyType.EC:
        private = serialization.load_pem_private_key(made.text.encode(), password=None)
        assert made.text.startswith("-----BEGIN EC PRIVATE KEY-----")
    else:
        raw = base64.b64decode(made.text)
        private = ed25519.Ed25519PrivateKey.from_private_bytes(raw[:32])
        assert raw[32:] == private.public_key().public_bytes_raw()
    assert pem(private) == made.public_pem


def test_a_private_key_of_rsa_is_its_holders():
    """None is made here."""
    with pytest.raises(ValueError, match="made by their holders"):
        new_private_key(KeyType.RSA, bytes(32))


def test_a_trusted_key_is_read_when_it_is_needed():
    """As the same text read at once."""
    key = trusted_public_key(pem(ED25519), KeyType.ED25519)
    assert key == public_key(pem(ED25519))
    assert key.verifies(b"a", ED25519.sign(b"a"))
    assert not key.verifies(b"b", ED25519.sign(b"a"))
