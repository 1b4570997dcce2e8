"""Compression of messages."""

from __future__ import annotations

import attrs
from attrs.validators import ge, le


@attrs.frozen(kw_only=True)
class Deflate:
    """
    The extension permessage-deflate (RFC 7692), for clients that offer it.

    A message of a topic is compressed once, for all who agreed to it; replies, snapshots and what a client
    missed go uncompressed. No connection keeps a compressor; while a compressed message of a client is
    read, it keeps a window of 32 KiB.

    Attributes:
        enabled: Compress messages for clients that offer permessage-deflate.
        level: From 1, the fastest, to 9, the smallest.
        least_bytes: Messages shorter than this go uncompressed.
    """

    enabled: bool = False
    level: int = attrs.field(default=1, validator=[ge(1), le(9)])
    least_bytes: int = attrs.field(default=64, validator=ge(0))
