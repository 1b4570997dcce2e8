"""Public keys, with which signatures of their holders are checked, and private ones for new holders."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any, Final

import attrs

from feed.dialects.credentials import KeyType, PublicKey

_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""How many private keys there are on P-256, and one more."""
_P256_BYTES: Final = 32
"""Of each of the two numbers of a signature."""


@attrs.frozen
class PrivateKey:
    """
    A private key for whoever shall sign with it.

    Attributes:
        text: An EC key in PEM (SEC 1); an Ed25519 key as 64 bytes in base64, the seed and the public key.
        public_pem: Its public half: SubjectPublicKeyInfo, PEM.
    """

    text: str = attrs.field(repr=False)
    public_pem: str


def new_private_key(kind: KeyType, random_bytes: bytes) -> PrivateKey:
    """
    A private key that is made of 32 bytes nobody can predict.

    Raises:
        ValueError: Keys of this algorithm are not made here.
    """
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519  # noqa: PLC0415

    private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    if kind is KeyType.EC:
        number = int.from_bytes(random_bytes) % (_P256_ORDER - 1) + 1
        private = ec.derive_private_key(number, ec.SECP256R1())
        pem, sec1 = serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL
        text = private.private_bytes(pem, sec1, serialization.NoEncryption()).decode()
    elif kind is KeyType.ED25519:
        private = ed25519.Ed25519PrivateKey.from_private_bytes(random_bytes)
        text = base64.b64encode(random_bytes + private.public_key().public_bytes_raw()).decode()
    else:
        raise ValueError(f"{kind.value} keys are made by their holders")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return PrivateKey(text, private.public_key().public_bytes(serialization.Encoding.PEM, form).decode())


def trusted_public_key(pem: str, kind: KeyType) -> PublicKey:
    """A public key that is read when the first signature is checked, of a PEM text that is one."""

    @cache
    def key() -> PublicKey:
        return public_key(pem)

    return PublicKey(pem, kind, lambda message, signature: key().verifies(message, signature))


def public_key(pem: str) -> PublicKey:
    """
    The public key of a PEM text.

    Raises:
        ValueError: It is none, or of an algorithm that no protocol signs with.
    """
    # Loading it takes a tenth of a second, and most servers have no public keys.
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature  # noqa: PLC0415

    try:
        key = serialization.load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise ValueError("no public key in PEM") from problem
    arguments: tuple[Any, ...]
    match key:
        case ed25519.Ed25519PublicKey():
            kind, arguments = KeyType.ED25519, ()
        case rsa.RSAPublicKey():
            kind, arguments = KeyType.RSA, (padding.PKCS1v15(), hashes.SHA256())
        case ec.EllipticCurvePublicKey() if isinstance(key.curve, ec.SECP256R1):
            kind, arguments = KeyType.EC, (ec.ECDSA(hashes.SHA256()),)
        case _:
            raise ValueError("a public key of another algorithm than Ed25519, RSA and P-256")

    def verify(message: bytes, signature: bytes) -> bool:
        if kind is KeyType.EC:
            if len(signature) != 2 * _P256_BYTES:
                return False
            numbers = (signature[:_P256_BYTES], signature[_P256_BYTES:])
            signature = encode_dss_signature(*(int.from_bytes(one, "big") for one in numbers))
        try:
            key.verify(signature, message, *arguments)
        except InvalidSignature:
            return False
        return True

    text = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(text.decode(), kind, verify)
