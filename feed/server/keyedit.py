"""
Changes to a keys file: a key more, a key less, a key in place of another.

The file is the operator's own, comments and all. So its text is changed where it must be and nowhere
else, the result is read again, and the file is replaced as a whole: a server that reads it meanwhile
finds all of the old keys or all of the new ones. A secret to sign with is written before its key, and taken
out after it.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import attrs
import cattrs

from feed.errors import ConfigError
from feed.server.keyfile import KeyRecord, parse_entries, read_entries, read_text, replace_text
from feed.server.secretfile import read_secrets, secrets_path, write_secrets

_HEADER: Final = re.compile(r"^[ \t]*\[\[[ \t]*key[ \t]*\]\][^\n]*\n?", re.MULTILINE)
_NOTHING_MORE: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?(?:\n|\Z))*\Z")
_plain: Final = cattrs.Converter()


def add_entry(path: Path, entry: KeyRecord) -> None:
    """
    Append one key to a keys file, which need not exist yet.

    Raises:
        ConfigError: The file is bad or cannot be written, or has that name or key already.
    """
    path = path.resolve()  # a symbolic link stays one
    text = _with(read_text(path) if path.exists() else "", entry)
    parse_entries(text, path)
    _add_secret(path, entry)
    replace_text(path, text)


def current_entry(path: Path, name: str) -> KeyRecord:
    """
    The key of a name that is good now, with its secret.

    Raises:
        ConfigError: There is none, or the file is bad.
    """
    return _found(read_entries(path), name, path)


def revoke(path: Path, name: str) -> int:
    """
    Take every key of a name out of a keys file.

    Returns:
        How many there were.

    Raises:
        ConfigError: There is none, or the file is bad or cannot be written.
    """
    path = path.resolve()
    text = read_text(path)
    entries = parse_entries(text, path)
    _found(entries, name, path)
    kept = tuple(entry for entry in entries if entry.grant.name != name)
    blocks = _blocks(text, entries, path)
    new = blocks[0] + "".join(
        block if entry.grant.name != name else _rest(block)
        for entry, block in zip(entries, blocks[1:], strict=True)
    )
    _replace(path, new, kept)
    _drop_secrets(path, kept)
    return len(entries) - len(kept)


def rotate(path: Path, name: str, new: KeyRecord, *, now: float, overlap: float) -> float:
    """
    Put a new key in place of another, which stays good for a while.

    Keys of that name that have ended are taken out.

    Args:
        path: The keys file.
        name: Of the key that is replaced; the new one bears it too, and allows the same.
        new: Digests of the new key and of what goes with it; what it allows is not looked at. Without a
            public key it has that of the old one.
        now: Seconds since the Unix epoch.
        overlap: Seconds for which the old key stays good; 0 ends it at once.

    Returns:
        When the old key ends, seconds since the Unix epoch.

    Raises:
        ConfigError: There is no such key, or the file is bad or cannot be written.
    """
    path = path.resolve()
    text = read_text(path)
    entries = parse_entries(text, path)
    current = _found(entries, name, path)
    moment = datetime.fromtimestamp(int(now + overlap), UTC)
    kept: list[KeyRecord] = []
    head, *blocks = _blocks(text, entries, path)
    pieces = [head]
    for entry, block in zip(entries, blocks, strict=True):
        if entry.grant.name == name and (entry.ended(now) or (entry is current and not overlap)):
            pieces.append(_rest(block))
        elif entry is current:
            kept.append(attrs.evolve(entry, until=moment.timestamp()))
            pieces.append(_close_reason(block, moment))
        else:
            kept.append(entry)
            pieces.append(block)
    new = attrs.evolve(new, grant=current.grant, public_key=new.public_key or current.public_key)
    _add_secret(path, new)
    kept.append(attrs.evolve(new, signing_secret=None))
    _replace(path, _with("".join(pieces), new), tuple(kept))
    _drop_secrets(path, tuple(kept))
    return moment.timestamp()


def _add_secret(path: Path, entry: KeyRecord) -> None:
    if entry.signing_secret is not None:
        place = secrets_path(path)
        write_secrets(place, {**read_secrets(place), entry.digest: entry.signing_secret})


def _drop_secrets(path: Path, kept: tuple[KeyRecord, ...]) -> None:
    """Leave no secret of a key that is not there any more."""
    place = secrets_path(path)
    secrets = read_secrets(place)
    wanted = {entry.digest for entry in kept}
    left = {digest: secret for digest, secret in secrets.items() if digest in wanted}
    if left != secrets:
        write_secrets(place, left)


def _found(entries: tuple[KeyRecord, ...], name: str, path: Path) -> KeyRecord:
    """The key of a name: the one that does not end, or the last."""
    named = [entry for entry in entries if entry.grant.name == name]
    if not named:
        known = ", ".join(dict.fromkeys(entry.grant.name for entry in entries)) or "none"
        raise ConfigError(f"there is no key {name!r}", where=str(path), hint=f"known are {known}")
    return next((entry for entry in named if entry.until is None), named[-1])


def _with(text: str, entry: KeyRecord) -> str:
    fields = {**_plain.unstructure(entry.grant), "sha256": entry.digest.hex()}
    if entry.secret is not None:
        fields["secret_sha256"] = entry.secret.hex()
    if entry.passphrase is not None:
        fields["passphrase_sha256"] = entry.passphrase.hex()
    if entry.public_key is not None:
        fields["public_key"] = entry.public_key.pem
    # A JSON string, number or array of strings means the same in TOML.
    added = "".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items())
    return f"{text.rstrip()}\n\n[[key]]\n{added}".lstrip()


def _blocks(text: str, entries: tuple[KeyRecord, ...], path: Path) -> list[str]:
    """What stands before the first key, and then the text of each."""
    starts = [found.start() for found in _HEADER.finditer(text)]
    if len(starts) != len(entries):
        raise ConfigError(
            "its keys are not written as [[key]] tables", where=str(path), hint="edit it by hand"
        )
    ends = [*starts[1:], len(text)]
    return [
        text[: starts[0]] if starts else text,
        *(text[at:end] for at, end in zip(starts, ends, strict=True)),
    ]


def _rest(block: str) -> str:
    """What is left of a key's text without the key: comments that lead to the next one."""
    lines = block.splitlines(keepends=True)
    while lines and not _NOTHING_MORE.fullmatch("".join(lines)):
        lines.pop(0)
    rest = "".join(lines)
    return rest if "#" in rest else ""


def _close_reason(block: str, moment: datetime) -> str:
    header = _HEADER.match(block)
    end = header.end() if header else 0
    gap = "" if block[:end].endswith("\n") else "\n"
    without = re.sub(r"^[ \t]*until[ \t]*=[^\n]*\n?", "", block[end:], flags=re.MULTILINE)
    return f"{block[:end]}{gap}until = {moment:%Y-%m-%dT%H:%M:%SZ}\n{without}"


def _replace(path: Path, text: str, expected: tuple[KeyRecord, ...]) -> None:
    """Write ``text``, if it says what it should."""
    try:
        same = parse_entries(text, path) == expected
    except ConfigError:
        same = False
    if not same:
        raise ConfigError("it is written in an unusual way", where=str(path), hint="edit it by hand")
    replace_text(path, text)
