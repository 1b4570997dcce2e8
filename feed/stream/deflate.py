"""
Messages compressed once, for every connection that agreed to permessage-deflate.

The extension was agreed to without context takeover, so a compressed message depends on its text alone:
the frame made of it serves everybody who wants compressed frames, as the plain one serves the others, and
no connection holds a compressor. Which bytes a text is compressed to depends on the version of zlib; what
they are decoded to does not. Source: RFC 7692, sections 7.1.1 and 7.2.1.
"""

from __future__ import annotations

import zlib
from typing import Final

import attrs

from feed.stream.frames import deflated_frame, text_frame

# Compressors with this window and this memory level take 256 KiB while they run: 2^17 + 2^17 bytes (zconf.h).
WINDOW_BITS: Final = 15
_MEMORY_LEVEL: Final = 8
# What Z_SYNC_FLUSH ends with, and a compressed message does without.
FLUSHED: Final = b"\x00\x00\xff\xff"


@attrs.frozen
class Deflater:
    """
    Makes compressed frames.

    Attributes:
        level: From 1, the fastest, to 9, the smallest, as in zlib.
        least_bytes: Payloads shorter than this stay as they are.
    """

    level: int
    least_bytes: int

    def frame(self, text: str) -> bytes:
        """One whole, unmasked text frame: compressed, unless that makes it no shorter."""
        packed = self.pack(text.encode())
        return text_frame(text) if packed is None else deflated_frame(packed)

    def pack(self, payload: bytes) -> bytes | None:
        """A compressed payload, or None where it would be no shorter, or is too short to try."""
        if len(payload) < self.least_bytes:
            return None
        compressor = zlib.compressobj(self.level, zlib.DEFLATED, -WINDOW_BITS, _MEMORY_LEVEL)
        packed = (compressor.compress(payload) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(FLUSHED)
        return packed if len(packed) < len(payload) else None
