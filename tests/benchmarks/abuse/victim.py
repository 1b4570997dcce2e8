"""
A well-behaved client: ``python -m tests.benchmarks.abuse.victim PORT FILE``.

It listens to every symbol and writes down how late each tick came, until its standard input ends. FILE then
holds pairs of 64-bit integers: when it came on the monotonic clock, and how late it was; nanoseconds.
"""

from __future__ import annotations

import json
import re
import select
import sys
import time
from array import array
from pathlib import Path

from tests.benchmarks.abuse.frames import KEY, PING, PONG, TEXT, connected, frame, frames, request, text

DUE = re.compile(rb'"t":(\d+)')


def main(port: int, path: Path) -> None:
    """Listen."""
    sock = connected(port, "127.0.0.1")
    sock.sendall(request("/tradyn"))
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(65536)
    print("connected", flush=True)
    buffer = bytearray(answer.partition(b"\r\n\r\n")[2])
    sock.sendall(text({"type": "auth", "apiKey": KEY}))
    symbols = json.loads(sys.stdin.readline())
    sock.sendall(text({"type": "subscribe", "symbols": symbols}))
    samples = array("q")
    sock.setblocking(False)
    while True:
        ready, _, _ = select.select([sock, sys.stdin], [], [])
        if sys.stdin in ready:
            break
        data = sock.recv(1 << 20)
        now = time.monotonic_ns()
        if not data:
            raise SystemExit("the victim was cut off")
        buffer += data
        for opcode, payload in frames(buffer):
            if opcode == TEXT:
                if (due := DUE.search(payload)) is not None:
                    samples += array("q", (now, now - int(due[1])))
            elif opcode == PING:
                sock.sendall(frame(PONG, payload))
            else:
                raise SystemExit(f"the victim was closed: {payload[2:].decode()}")
    with path.open("wb") as sink:
        samples.tofile(sink)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
