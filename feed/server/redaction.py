"""
Blots out secrets: keys, tokens and passwords, in lines of logs and in messages that are kept.

A secret is known by its shape, by the name of the field or parameter that holds it, by its digest (a key that
this server accepts), or because the same client has shown it before.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import unquote_plus

from feed.server.keys import LONGEST_KEY, PREFIX

REDACTED: Final = "[key]"
SHAPES: Final = re.compile(
    rf"""\b{PREFIX.pattern}[\w.~+/-]+ | (?<=[?&]key=)[^&\s"']+ | (?<=[?&]apikey=)[^&\s"']+
    | (?<=authorization\#)[\w.-]+ | (?<=x-api-key:\ )[^\s"',]+ | (?<=x-api-secret:\ )[^\s"',]+
    | (?<=\bbearer\ )[^\s"',]+ | \beyJ[\w-]+\.[\w-]+\.[\w-]* | \bwhsec_[\w+/=-]+""",
    re.VERBOSE | re.IGNORECASE,
)
"""What looks like a key or a token, wherever it stands."""

MOST_REMEMBERED: Final = 8  # secrets of one client
_SHORTEST: Final = 8  # characters of a secret that is looked for elsewhere; shorter ones are words
_BEGINNING: Final = 8  # characters of it that are enough: an error shows long texts cut short
# Random bytes in hexadecimal or base64; ids of markets have hyphens.
_RANDOM: Final = re.compile(r"(?=[A-Za-z0-9+/_=]*[0-9])(?=[A-Za-z0-9+/_=]*[A-Za-z])[A-Za-z0-9+/_=]{32,}")
# The path of a webhook's URL is often all that guards it.
_URL: Final = re.compile(
    r"""\b((?:https?|wss?)://)(?:[^\s"'/@]*@)?([^\s"'/?\#]*)[/?\#][^\s"']+""", re.IGNORECASE
)
_SECRET_NAME: Final = re.compile(
    r"key|secret|token|passw|passphrase|passwd|signature|\bsign\b|\bsig\b|\botp\b|jwt|credential|authorization",
    re.IGNORECASE,
)
# Without any of these, in small letters, and without a long run, nothing in a text looks secret.
_MARKS: Final = (
    *("\\", "://", "_live_", "_test_", "whsec_", "eyj", "bearer ", "authorization#", "x-api-"),
    *("key", "secret", "token", "passw", "passphrase", "sig", "otp", "jwt", "credential"),
)
_RUN: Final = re.compile(r"[A-Za-z0-9+/_=]{32}")
_LITERAL: Final = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*', re.DOTALL)
_PIECES: Final = re.compile(r"([/?&=#;])")
_MOST_ENCODINGS: Final = 3  # of a text in a URL, one in the other


def unsuspicious(text: str) -> bool:
    """Whether nothing in a text looks like a secret, or could hide one behind an escape: a cheap look."""
    lowered = text.lower()
    return not any(mark in lowered for mark in _MARKS) and _RUN.search(text) is None


class _Pairs(list[tuple[str, Any]]):
    """A JSON object, with every member that it was written with."""


class _Number(str):
    """A JSON number, as it was written."""

    __slots__ = ()


class Redactor:
    """
    Blots out the secrets of one client.

    Args:
        known: Whether a text is a key or a secret that this server knows.
    Attributes:
        blind: The client has shown something that this has not seen, so that there is no telling what it is.
    """

    def __init__(self, known: Callable[[str], bool]) -> None:
        self.blind = False
        self._known = known
        self._shown: dict[str, re.Pattern[str]] = {}

    def shown_in(self, text: str) -> bool:
        """Whether there is something in a text that the client has shown as a secret."""
        return any(secret[:_BEGINNING] in text for secret in self._shown)

    def remember(self, secret: str) -> None:
        """Blot ``secret`` out wherever it stands from now on, or the beginning of it."""
        if len(secret) < _SHORTEST or secret in self._shown:
            return
        if len(self._shown) >= MOST_REMEMBERED:
            del self._shown[next(iter(self._shown))]
        self._shown[secret] = re.compile(
            rf"""{re.escape(secret)}|{re.escape(secret[:_BEGINNING])}[^\s"',]*"""
        )

    def message(self, text: str) -> str | None:
        """A JSON message without its secrets, otherwise as it was written; None when it is no JSON."""
        try:
            value = json.loads(text, object_pairs_hook=_Pairs, parse_int=_Number, parse_float=_Number)
        except (ValueError, RecursionError):
            return None
        secrets = self._secrets(value)
        for secret in secrets:
            if not isinstance(secret, _Number):
                self.remember(secret)

        def clean(match: re.Match[str]) -> str:
            literal = match[0]
            quoted = literal[0] == '"'
            said = json.loads(literal) if quoted and "\\" in literal else literal.strip('"')
            if said in secrets:
                return f'"{REDACTED}"'
            cleaned = self.words(said) if quoted else said
            return literal if cleaned == said else json.dumps(cleaned)

        return _LITERAL.sub(clean, text)

    def words(self, text: str) -> str:
        """A text without what looks like a secret, or was one before."""
        if unsuspicious(text):
            return text if not self.shown_in(text) else self._without_shown(text)
        text = _URL.sub(rf"\1\2/{REDACTED}", SHAPES.sub(REDACTED, text))
        return self._without_shown(_RANDOM.sub(REDACTED, text))

    def _without_shown(self, text: str) -> str:
        for pattern in self._shown.values():
            text = pattern.sub(REDACTED, text)
        return text

    def target(self, target: str) -> str:
        """Path and query of a request without its secrets."""
        pieces = _PIECES.split(target)
        for at in range(0, len(pieces), 2):
            said = _decoded(pieces[at])
            value_of = _decoded(pieces[at - 2]) if at and pieces[at - 1] == "=" else ""
            if said and (_SECRET_NAME.search(value_of) or self._is_known(said)):
                self.remember(said)
                pieces[at] = REDACTED
            elif self.words(said) != said:
                pieces[at] = REDACTED
        return "".join(pieces)

    def _secrets(self, value: Any) -> set[str]:
        """Every text in a decoded message that is secret: by the name above it, or because it is known."""
        found: set[str] = set()
        rest: list[tuple[Any, bool]] = [(value, False)]
        while rest:
            item, secret = rest.pop()
            if isinstance(item, _Pairs):
                for name, below in item:
                    rest.append((below, secret or _SECRET_NAME.search(name) is not None))
                    if self._is_known(name):
                        found.add(name)
            elif isinstance(item, list):
                rest += [(below, secret) for below in item]
            elif isinstance(item, str) and item and (secret or self._is_known(item)):
                found.add(item)
        return found

    def _is_known(self, text: str) -> bool:
        return _SHORTEST <= len(text) <= LONGEST_KEY and not isinstance(text, _Number) and self._known(text)


def _decoded(text: str) -> str:
    for _ in range(_MOST_ENCODINGS):
        decoded = unquote_plus(text)
        if decoded == text:
            break
        text = decoded
    return text
