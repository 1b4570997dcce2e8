"""
The server's side of permessage-deflate: which offer it agrees to, and how a client's messages are read.

What it sends is compressed in :mod:`feed.stream.deflate`. wsproto has an extension of this name; it is not
used, for it inflates a frame to whatever size, and takes the rest of a message for plain text when a ping
came between two of its fragments. Source: RFC 7692, sections 5.1, 6 and 7.1.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

from wsproto.extensions import Extension
from wsproto.frame_protocol import (
    CloseReason,
    FrameDecoder,
    FrameProtocol,
    Opcode,
    RsvBits,
)

from feed.stream.deflate import FLUSHED, WINDOW_BITS

_NAME: Final = "permessage-deflate"
_AGREED: Final = f"{_NAME}; server_no_context_takeover; client_no_context_takeover"
# What a client may ask for, and whether it can be had. A window of the client's own may have any size: 15
# bits read them all. Of ours only the largest is offered, since one frame serves everybody.
_ACCEPTABLE: Final = re.compile(
    r"server_no_context_takeover|client_no_context_takeover|client_max_window_bits(=([89]|1[0-5]))?"
    rf"|server_max_window_bits={WINDOW_BITS}"
)


def agree(offers: str) -> str:
    """
    What is agreed to.

    Args:
        offers: A client's Sec-WebSocket-Extensions.

    Returns:
        The answer to the first offer that can be met; empty for none.
    """
    for offer in offers.split(","):
        name, *parameters = [part.strip().replace('"', "") for part in offer.split(";")]
        names = [parameter.partition("=")[0] for parameter in parameters]
        if name == _NAME and all(map(_ACCEPTABLE.fullmatch, parameters)) and len(set(names)) == len(names):
            window = f"; server_max_window_bits={WINDOW_BITS}" if "server_max_window_bits" in names else ""
            return _AGREED + window
    return ""


class Inflate(Extension):
    """
    Reads what a client compressed, each message by itself.

    Args:
        most: Bytes that one message may come to; past it the connection is closed with 1009.
    """

    name = _NAME

    def __init__(self, most: int) -> None:
        self._most = most
        self._left = most
        self._control = False  # the frame under way is one
        # Of the message under way; None when it is not compressed.
        self._inflater: zlib._Decompress | None = None

    def offer(self) -> bool:
        """A server offers nothing."""
        return False

    def enabled(self) -> bool:
        """It has been agreed to."""
        return True

    def frame_inbound_header(
        self, proto: FrameDecoder | FrameProtocol, opcode: Opcode, rsv: RsvBits, payload_length: int
    ) -> CloseReason | RsvBits:
        """A frame begins; RSV1 says that it is the first of a compressed message."""
        del proto, payload_length
        self._control = opcode.iscontrol()
        if rsv.rsv1 and (self._control or opcode is Opcode.CONTINUATION):
            return CloseReason.PROTOCOL_ERROR
        if not self._control and opcode is not Opcode.CONTINUATION:
            self._inflater = zlib.decompressobj(-WINDOW_BITS) if rsv.rsv1 else None
            self._left = self._most
        return RsvBits(rsv1=True, rsv2=False, rsv3=False)

    def frame_inbound_payload_data(
        self, proto: FrameDecoder | FrameProtocol, data: bytes
    ) -> bytes | CloseReason:
        """What these bytes of a frame say."""
        del proto
        return data if self._control or self._inflater is None else self._inflate(self._inflater, data)

    def frame_inbound_complete(
        self, proto: FrameDecoder | FrameProtocol, fin: bool
    ) -> bytes | CloseReason | None:
        """What the end of a frame adds to it."""
        del proto
        if self._control or not fin or self._inflater is None:
            return None
        inflater, self._inflater = self._inflater, None
        return self._inflate(inflater, FLUSHED)

    def _inflate(self, inflater: zlib._Decompress, data: bytes) -> bytes | CloseReason:
        try:
            found = inflater.decompress(data, self._left + 1)
        except zlib.error:
            return CloseReason.PROTOCOL_ERROR  # 1007 would be told as text that is not UTF-8
        self._left -= len(found)
        return CloseReason.MESSAGE_TOO_BIG if self._left < 0 else found
