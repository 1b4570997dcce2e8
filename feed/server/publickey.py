"""Public keys, with which the signatures of their holders are checked."""

from __future__ import annotations

from typing import Any

from feed.dialects.credentials import KeyType, PublicKey


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
        try:
            key.verify(signature, message, *arguments)
        except InvalidSignature:
            return False
        return True

    text = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(text.decode(), kind, verify)
