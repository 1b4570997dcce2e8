"""
Credentials: what the holder of a key may do, and with what the holder's signatures are checked.

What is signed, and how a signature is written, is each protocol's own matter; the primitives are here.
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
from collections.abc import Callable
from typing import Protocol

import attrs

from feed.model.grants import Grant


class KeyType(enum.Enum):
    """The algorithm of a public key."""

    ED25519 = "Ed25519"
    RSA = "RSA"  # PKCS#1 v1.5 with SHA-256
    EC = "EC"  # P-256 with SHA-256: ES256


@attrs.frozen
class PublicKey:
    """
    A public key, with which signatures of the private one are checked.

    Attributes:
        pem: Its text: SubjectPublicKeyInfo, PEM.
        type: Its algorithm.
    """

    pem: str
    type: KeyType
    _verify: Callable[[bytes, bytes], bool] = attrs.field(eq=False, repr=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the private key has signed ``message``. Signatures of EC keys are r and s, as in a JWS."""
        return self._verify(message, signature)


@attrs.frozen(kw_only=True)
class Credentials:
    """
    What a server knows of whoever signs with a key.

    Attributes:
        grant: What the key allows.
        mark: A name that no other key has, and that says nothing of the key: to count by.
        secret: The secret of a key that signs with HMAC, as its holder has it; None for none.
        public_key: Of a key that signs with a private one; None for none.
        passphrase: SHA-256 of the passphrase that goes with the key; None for none.
    """

    grant: Grant
    mark: str
    secret: str | None = attrs.field(default=None, repr=False)
    public_key: PublicKey | None = None
    passphrase: bytes | None = attrs.field(default=None, repr=False)

    @property
    def secret_bytes(self) -> bytes | None:
        """The key of an HMAC that is written in base64; None for none, or for a secret that is not."""
        try:
            return None if self.secret is None else base64.b64decode(self.secret, validate=True)
        except ValueError:
            return None

    def has_passphrase(self, shown: str) -> bool:
        """Whether it is the one that goes with the key; the time taken tells nothing about it."""
        kept = self.passphrase if self.passphrase is not None else bytes(32)
        return hmac.compare_digest(kept, hashlib.sha256(shown.encode("utf-8", "surrogatepass")).digest())


class StreamKeyRing(Protocol):
    """
    The stream keys of one protocol: names of private streams, which last for a while.

    ``holder`` is what the server knows of the API key of a request, as :class:`feed.dialects.rest.Call`
    has it.
    """

    def open(self, holder: object, seconds: float, *, own: bool = False) -> str:
        """
        The stream key of the holder's account, the active one or a new one.

        Args:
            holder: See above.
            seconds: For which it is good from now on.
            own: Whether other API keys of the account have others: where more can be done with a stream key
                than to listen.
        """
        ...

    def extend(self, holder: object, key: str, seconds: float) -> bool:
        """Let one be good for ``seconds`` from now; False when the account has no such one."""
        ...

    def close(self, holder: object, key: str) -> bool:
        """Let one be good no more; False when the account has no such one."""
        ...


def hmac_matches(secret: bytes, message: bytes, signature: bytes, *, algorithm: str) -> bool:
    """
    Whether ``signature`` is the HMAC of ``message``; the time taken does not depend on how close it is.

    Args:
        secret: The key of the HMAC.
        message: What is signed.
        signature: The bytes of the digest, however the protocol writes them.
        algorithm: Of the digest, such as ``sha256``.
    """
    return hmac.compare_digest(hmac.digest(secret, message, algorithm), signature)
