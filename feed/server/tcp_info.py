"""What the kernel knows of how a connection's bytes get on: Linux' ``TCP_INFO``, one system call."""

from __future__ import annotations

import socket
import struct
from typing import Final

import attrs

from feed.stream.transport import Transport

# Offsets in ``struct tcp_info``. Source: include/uapi/linux/tcp.h; fields are only ever added at its end.
_RTT: Final = struct.Struct("=I"), 68
_ACKED: Final = struct.Struct("=Q"), 120
_UNSENT: Final = struct.Struct("=I"), 144
_BYTES: Final = 148


@attrs.frozen(kw_only=True)
class Transfer:
    """
    How the bytes to a client get on.

    Attributes:
        acked_bytes: That the client's kernel has taken so far, TLS and HTTP included.
        unsent_bytes: That lie in this machine's kernel and have not been sent.
        rtt_us: Smoothed round trip, microseconds.
    """

    acked_bytes: int
    unsent_bytes: int
    rtt_us: int


def transfer_of(transport: Transport) -> Transfer | None:
    """What is known of a connection; None where there is no such socket, or no such kernel."""
    sock = getattr(transport, "socket", None)
    option = getattr(socket, "TCP_INFO", None)
    if not isinstance(sock, socket.socket) or option is None:
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, option, 256)
    except OSError:
        return None
    if len(info) < _BYTES:
        return None
    acked, unsent, rtt = (kind.unpack_from(info, at)[0] for kind, at in (_ACKED, _UNSENT, _RTT))
    return Transfer(acked_bytes=acked, unsent_bytes=unsent, rtt_us=rtt)
