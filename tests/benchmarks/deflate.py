"""
What permessage-deflate costs and saves, on messages of the default market.

A message is compressed once for all who listen to it compressed, so its cost is shared; a delivery costs one
write either way. Printed for each channel: the bytes of a frame plain and compressed, the CPU time of
encoding it to either, and what compression adds to one delivery with so many listeners, beside the CPU time
of a write to a socket measured in the same run.

    python -m tests.benchmarks.deflate [--seconds 20]
"""

from __future__ import annotations

import argparse
import socket
import time

from feed.dialects.discovery import dialects
from feed.model.events import event
from feed.model.topics import Topic
from feed.settings import Deflate
from feed.sim.defaults import default_market
from feed.sim.market import Market
from feed.state.market_state import MarketState
from feed.stream.deflate import Deflater
from feed.stream.frames import text_frame

START = 1_709_740_800_000_000_000
LISTENERS = (1, 10, 1000)
CHANNELS = (("tradyn", "tick"), ("guide", "book"), ("guide", "trades"), ("rails", "publicOrderBook"))


def texts(seconds, wanted):
    """What the channels say of BTC-USD in so much market time."""
    spec = default_market()
    listing = spec.listing()
    at = [item.symbol for item in listing].index("BTC-USD")
    state = MarketState(len(listing))
    market = Market(spec, seed=1, start=START)
    rows = list(market.opening())
    while market.now < START + seconds * 10**9:
        rows += market.step()
    encoders = {}
    for dialect, channel in wanted:
        topic = Topic(dialect, channel, at)
        encoders[dialect, channel] = dialects()[dialect].encoder(topic, listing[at], state)
    said = {name: [] for name in wanted}
    for seq, row in enumerate(rows, 1):
        state.apply(seq, row)
        if row[1] != at:
            continue
        for name, encoder in encoders.items():
            if row[0] in encoder.kinds and (text := encoder.encode(event(seq, row, 0))) is not None:
                said[name].append(text)
    return said


def cost(make, said):
    """Microseconds of CPU time for one frame, and its bytes."""
    began = time.process_time()
    frames = [make(text) for text in said]
    return (time.process_time() - began) / len(said) * 1e6, sum(map(len, frames)) / len(frames)


def write_cost(size, count=20_000):
    """Microseconds of CPU time of one write of so many bytes."""
    ours, theirs = socket.socketpair()
    data, spent = bytes(size), 0.0
    for _ in range(count // 100):
        began = time.process_time()
        for _ in range(100):
            ours.send(data)
        spent += time.process_time() - began
        left = 100 * size
        while left:
            left -= len(theirs.recv(left))
    return spent / count * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20, help="market time")
    settings = Deflate()
    deflater = Deflater(settings.level, settings.least_bytes)
    write = write_cost(100)
    print(f"level {settings.level}; one write of 100 bytes: {write:.2f} us")
    adds = "".join(f"{f'at {n}':>10}" for n in LISTENERS)
    print(f"{'channel':24}{'bytes':>8}{'deflated':>10}{'us':>8}{'deflated':>10}   added us a delivery{adds}")
    for name, said in texts(parser.parse_args().seconds, CHANNELS).items():
        plain, size = cost(text_frame, said)
        packed, less = cost(deflater.frame, said)
        added = "".join(f"{packed / n:10.3f}" for n in LISTENERS)
        print(
            f"{' '.join(name):24}{size:8.0f}{less:10.0f}{plain:8.2f}{packed:10.2f}{added:>49}"
            f"   of {len(said)} messages"
        )


if __name__ == "__main__":
    main()
