"""
How exchanges write the API keys that they give out, and which keys everybody knows.

A protocol says it in the module ``policy`` of its folder: ``KEY_FORMAT`` where its keys look other than the
usual ones, ``DEMO_KEYS`` where it has demo keys of its own.
"""

from __future__ import annotations

import enum
from typing import Final

import attrs

from feed.model.grants import Grant, Scope, Tier

DEMO_ACCOUNT: Final = 1
"""Of the demo keys of all protocols: one account, with a balance at each venue."""


class SigningAlgorithm(enum.Enum):
    """With what the holder of a key signs requests."""

    HMAC = "HMAC"  # a secret that both sides have
    EC = "EC"  # a private key on P-256: ES256
    ED25519 = "Ed25519"  # a private key: EdDSA


@attrs.frozen(kw_only=True)
class KeyFormat:
    """
    How a protocol's keys look.

    Attributes:
        algorithms: That its holders may sign with; the first unless they ask for another. Private keys among
            them are made here, as the exchange makes them, and only their public halves are kept.
        base64_secret: The secret of an HMAC is 64 bytes written in base64, and the bytes are the HMAC's key;
            else it is 64 hexadecimal digits, and this text is.
        key_name: What goes for the key where a private key signs: ``{uuid}`` stands for a random one each
            time; empty for a key as every other.
        passphrase: A passphrase goes with the key, as a second password.
    """

    algorithms: tuple[SigningAlgorithm, ...] = (SigningAlgorithm.HMAC,)
    base64_secret: bool = False
    key_name: str = ""
    passphrase: bool = False


USUAL_FORMAT: Final = KeyFormat()


@attrs.frozen(kw_only=True)
class DemoKey:
    """
    A key that everybody knows. What goes with it is made of the key, so that it is the same everywhere.

    Attributes:
        key: Its text.
        grant: What it allows, within this machine.
        algorithm: With what its holder signs.
        public_key: Of the private key that is made of the key's text, PEM; empty for an HMAC.
    """

    key: str
    grant: Grant
    algorithm: SigningAlgorithm = SigningAlgorithm.HMAC
    public_key: str = ""


def demo_grant(dialect: str, name: str = "") -> Grant:
    """
    What the demo key of one protocol allows: to read and to trade for the demo account.

    Args:
        dialect: The protocol.
        name: Of the key; by default that of the protocol after ``demo-``.
    """
    return Grant(
        name=name or f"demo-{dialect}",
        account=DEMO_ACCOUNT,
        tier=Tier.MAX,
        scopes=(Scope.READ, Scope.TRADE),
        dialects=(dialect,),
    )
