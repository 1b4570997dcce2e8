"""
How fast files of each format become a recording, and in how much memory.

Run ``python -m tests.benchmarks.imports [--mb 100] [--runs 3] [FORMAT...]``. Inputs are made up in a
temporary directory, in the formats' own layout and about as they change in reality; each import
runs in a process of its own, so that its peak memory is its own. Rates are per second of CPU: an
import is one thread that hardly waits, and what else the machine does is not its doing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from random import Random

from feed.importers import import_files

START = 1_700_000_000


def walk(random):
    """A price in cents that wanders, and a size in thousandths."""
    cents = 3_500_000
    while True:
        cents += random.randint(-3, 3)
        yield cents, random.randint(1, 99_999)


def decimal(units, digits):
    return f"{units // 10**digits}.{units % 10**digits:0{digits}d}"


def level(random, cents):
    """Side, price and size of a change near the top of a book that does not cross."""
    away = int(random.random() ** 3 * 2000)
    side = random.randint(0, 1)
    size = 0 if random.random() < 0.3 else random.randint(1, 99_999)
    return side, cents + away if side else cents - 1 - away, size


def tardis_book():
    random = Random(1)
    yield "exchange,symbol,timestamp,local_timestamp,is_snapshot,side,price,amount\n"
    for at in itertools.count():
        stamp = START * 10**6 + at * 9_000
        for _ in range(random.randint(1, 5)):
            side, cents, size = level(random, 3_500_000)
            name = ("bid", "ask")[side]
            snapshot = "true" if at < 500 else "false"
            yield f"ex,BTCUSDT,{stamp},{stamp + 700},{snapshot},{name},{cents / 100},{size / 1000}\n"


def tardis_trades():
    random = Random(1)
    yield "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
    for at, (cents, size) in enumerate(walk(random)):
        stamp = START * 10**6 + at * 9_000
        side = random.choice(("buy", "sell"))
        yield f"ex,BTCUSDT,{stamp},{stamp + 700},{at},{side},{cents / 100},{size / 1000}\n"


def tardis_quotes():
    random = Random(1)
    yield "exchange,symbol,timestamp,local_timestamp,ask_amount,ask_price,bid_price,bid_amount\n"
    for at, (cents, size) in enumerate(walk(random)):
        stamp = START * 10**6 + at * 9_000
        yield f"ex,BTCUSDT,{stamp},{stamp + 700},{size / 1000},{cents / 100},{cents / 100 - 1},1.5\n"


def binance_trades():
    random = Random(1)
    for at, (cents, size) in enumerate(walk(random)):
        price, quantity = decimal(cents * 10**6, 8), decimal(size * 10**5, 8)
        yield f"{at},{price},{quantity},{quantity},{START * 1000 + at * 9},{at % 3 == 0},True\n"


def binance_aggtrades():
    random = Random(1)
    for at, (cents, size) in enumerate(walk(random)):
        price, quantity = decimal(cents * 10**6, 8), decimal(size * 10**5, 8)
        yield f"{at},{price},{quantity},{at * 2},{at * 2 + 1},{START * 1000 + at * 9},{at % 3 == 0},True\n"


def binance_klines():
    random = Random(1)
    for at, (cents, size) in enumerate(walk(random)):
        o, h, l, c = (decimal((cents + more) * 10**6, 8) for more in (0, 9, -9, random.randint(-5, 5)))  # noqa: E741
        begin = START * 1000 + at * 1000
        rest = "1.00000000,9,1.00000000,1.00000000,0"
        yield f"{begin},{o},{h},{l},{c},{size}.00000000,{begin + 999},{rest}\n"


def fx_csv():
    random = Random(1)
    for at, (cents, _) in enumerate(walk(random)):
        stamp = time.strftime("%Y%m%d %H%M%S", time.gmtime(START + at // 4))
        price = 100_000 + cents % 1000
        yield f"{stamp}{at % 4 * 250:03d},{decimal(price, 5)}0,{decimal(price + 17, 5)}0,0\n"


def received(at, message):
    return f"{START + at // 100}.{at % 100:02d}: {message}\n"


def coinbase():
    random = Random(1)
    sides = [[], []]
    for away in range(1000):
        sides[0].append([decimal(3_499_999 - away, 2), "1.5"])
        sides[1].append([decimal(3_500_000 + away, 2), "1.5"])
    yield received(
        0, json.dumps({"type": "snapshot", "product_id": "BTC-USD", "bids": sides[0], "asks": sides[1]})
    )
    for at in itertools.count(1):
        side, cents, size = level(random, 3_500_000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + at // 100))
        change = f'["{("buy", "sell")[side]}","{decimal(cents, 2)}","{decimal(size, 3)}"]'
        yield received(
            at,
            f'{{"type":"l2update","product_id":"BTC-USD","changes":[{change}],'
            f'"time":"{stamp}.{at % 100:02d}0000Z"}}',
        )


def binance():
    random = Random(1)
    levels = json.dumps([[decimal(3_499_999 * 10**6, 8), "1.5"]])
    yield f"https://host/api/v3/depth?symbol=BTCUSDT -> {START}.0: "
    yield f'{{"lastUpdateId":0,"bids":{levels},"asks":[]}}\n'
    for at in itertools.count(1):
        changes = [[], []]
        for _ in range(random.randint(1, 20)):
            side, cents, size = level(random, 3_500_000)
            changes[side].append([decimal(cents * 10**6, 8), decimal(size * 10**5, 8)])
        bids, asks = (json.dumps(side, separators=(",", ":")) for side in changes)
        yield received(
            at,
            f'{{"stream":"btcusdt@depth@100ms","data":{{"e":"depthUpdate","E":{START * 1000 + at * 10},'
            f'"s":"BTCUSDT","U":{at},"u":{at},"b":{bids},"a":{asks}}}}}',
        )


def kraken():
    random = Random(1)
    books = [{3_499_999 - at: 1000 for at in range(10)}, {3_500_000 + at: 1000 for at in range(10)}]

    def text(price, size, at):
        return [
            f"{decimal(price, 2)}000",
            f"{decimal(size, 3)}00000",
            f"{START + at // 100}.{at % 100:02d}0000",
        ]

    snapshot = {
        "as": [text(*item, 0) for item in books[1].items()],
        "bs": [text(*item, 0) for item in books[0].items()],
    }
    yield received(0, json.dumps([1, snapshot, "book-10", "XBT/USD"]))
    for at in itertools.count(1):
        side = random.randint(0, 1)
        away = random.randint(0, 9)
        price, size = (3_500_000 + away if side else 3_499_999 - away), random.randint(1, 99_999)
        books[side][price] = size
        best = [*sorted(books[1].items()), *sorted(books[0].items(), reverse=True)]
        crc = zlib.crc32("".join(f"{price}000{size}00000" for price, size in best).encode())
        change = {"ba"[side]: [text(price, size, at)], "c": str(crc)}
        yield received(at, json.dumps([1, change, "book-10", "XBT/USD"], separators=(",", ":")))


def lobster(messages, books, size):
    """Two files: orders come to rest at the ten best levels of a side and are taken off again."""
    random = Random(1)
    totals = [{999_900 - 100 * at: 500 for at in range(10)}, {1_000_000 + 100 * at: 500 for at in range(10)}]
    mine = []
    written = 0
    while written < size:
        order = len(mine) + 1
        if order % 2:
            side, away, lots = random.randint(0, 1), random.randint(0, 9) * 100, random.randint(1, 9)
            mine.append((side, 1_000_000 + away if side else 999_900 - away, lots))
            kind = 1
        else:
            side, price, lots = mine[-1]
            mine.append(mine[-1])
            kind, order = 3, order - 1
        price = mine[-1][1]
        totals[side][price] += lots if kind == 1 else -lots
        second = 34_200 + len(mine) / 1000
        shown = [
            f"{ask},{asked},{bid},{bidden}"
            for (ask, asked), (bid, bidden) in zip(totals[1].items(), totals[0].items(), strict=True)
        ]
        written += messages.write(f"{second:.9f},{kind},{order},{lots},{price},{-1 if side else 1}\n")
        written += books.write(",".join(shown) + "\n")


LINES = {
    "binance": ("capture", binance),
    "binance-aggtrades": ("BTCUSDT-aggTrades.csv", binance_aggtrades),
    "binance-klines": ("BTCUSDT-1s.csv", binance_klines),
    "binance-trades": ("BTCUSDT-trades.csv", binance_trades),
    "coinbase": ("capture", coinbase),
    "fx-csv": ("DAT_ASCII_EURUSD_T.csv", fx_csv),
    "kraken": ("capture", kraken),
    "tardis-book": ("book.csv", tardis_book),
    "tardis-quotes": ("quotes.csv", tardis_quotes),
    "tardis-trades": ("trades.csv", tardis_trades),
}


def make(name, folder, size):
    """Input files of one format, ``size`` bytes in all."""
    if name == "lobster":
        stem = "AB_2012-06-21_34200000_57600000_{}_10.csv"
        paths = [folder / stem.format(kind) for kind in ("message", "orderbook")]
        with paths[0].open("w") as messages, paths[1].open("w") as books:
            lobster(messages, books, size)
        return paths
    file, lines = LINES[name]
    path = folder / file
    with path.open("w") as out:
        written = 0
        for line in lines():
            written += out.write(line)
            if written >= size:
                break
    return [path]


def run_one(name, paths):
    """In a process of its own: import, and print the figures as JSON."""
    with tempfile.TemporaryFile() as out:
        begin = time.process_time()
        report = import_files(name, paths, out)
        seconds = time.process_time() - begin
        size = out.tell()
    assert not report.gaps, report.problems
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {"seconds": seconds, "bytes": report.bytes, "events": report.events, "out": size, "peak": peak}
        )
    )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mb", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--one", nargs="+", help=argparse.SUPPRESS)
    parser.add_argument("formats", nargs="*", default=sorted([*LINES, "lobster"]))
    args = parser.parse_args()
    if args.one:
        run_one(args.one[0], args.one[1:])
        return
    print(f"{'format':18} {'MB':>5} {'MB/s':>6} {'events/s':>9} {'peak MB':>7} {'recording MB':>12}")
    for name in args.formats:
        with tempfile.TemporaryDirectory() as folder:
            paths = make(name, Path(folder), args.mb * 10**6)
            command = [sys.executable, "-m", "tests.benchmarks.imports", "--one", name, *map(str, paths)]
            runs = [
                json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
                for _ in range(args.runs)
            ]
        median = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        print(
            f"{name:18} {median['bytes'] / 1e6:5.0f} {median['bytes'] / 1e6 / median['seconds']:6.1f} "
            f"{median['events'] / median['seconds']:9.0f} {median['peak']:7.0f} {median['out'] / 1e6:12.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
