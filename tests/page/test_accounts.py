"""What the page works out of accounts, scripts and connections, beside what Python says."""

import hashlib
import hmac
import json
import random

import pytest

pytestmark = pytest.mark.e2e

SIZE, PRICE = 100, 6_400_000


def lived(draw, number):
    """What is told of one order in its life, oldest first: reports, and fills of it; and how it ends."""
    order = {
        "id": f"margin:{number}",
        "account": "margin",
        "clientId": "",
        "symbol": draw.choice(["BTC-USD", "EURUSD"]),
        "side": draw.choice(["buy", "sell"]),
        "type": "limit",
        "price": PRICE + draw.randrange(3),
        "size": SIZE,
        "filled": 0,
        "status": "open",
        "reason": "",
        "ts": number * 1000,
    }
    told, filled = [("apply", order)], 0
    for step in range(draw.randrange(4)):
        size = draw.randrange(1, 25)
        filled += size
        names = ("account", "symbol", "side", "price")
        fill = {name: order[name] for name in names} | {"id": f"{number}-{step}", "order": order["id"]}
        fill |= {"size": size, "left": SIZE - filled, "fee": "0", "feeAsset": "USD"}
        told.append(("fill", fill | {"ts": order["ts"] + step + 1}))
    if draw.random() < 0.6:
        end = draw.choice(["cancelled", "expired", "replaced"])
        ts = order["ts"] + draw.choice((0, 10))
        told.append(("apply", order | {"status": end, "filled": filled, "ts": ts}))
    else:
        end = "partial" if filled else "open"
    return told, {"id": order["id"], "status": end, "filled": filled}


@pytest.mark.parametrize("seed", range(4))
def test_orders_in_whatever_order_they_are_told(run_js, seed):
    """Reports and fills that overtake each other, or come twice, give the same orders and fills."""
    draw = random.Random(seed)
    lives = [lived(draw, number) for number in range(1, 60)]
    told = [one for life, _ in lives for one in life]
    fills = sum(kind == "fill" for kind, _ in told)
    told += draw.sample(told, len(told) // 3)
    draw.shuffle(told)
    found = run_js(
        """(m, told) => {
          const orders = new m.Orders();
          for (const [kind, one] of told) orders[kind](one);
          const all = [...orders.open(), ...orders.finished(1000)];
          const resting = all.filter((one) => !m.over(one));
          const standing = new Set(resting.map((one) => `${one.symbol} ${one.price}`));
          const places = [...standing].map((key) => key.split(' '));
          const left = places.flatMap(([symbol, price]) => orders.at(symbol, Number(price)));
          const kept = ['BTC-USD', 'EURUSD'].map((symbol) => orders.fills(symbol));
          return {
            orders: all.map(({ id, status, filled }) => ({ id, status, filled })),
            left: left.map((one) => [one.id, one.left]).sort(),
            fills: kept.map((list) => list.length),
            sorted: kept.every((list) => list.every((one, at) => !at || list[at - 1].ts <= one.ts)),
          };
        }""",
        told,
        modules=["account/orders"],
    )
    ends = [end for _, end in lives]
    assert sorted(found["orders"], key=lambda one: one["id"]) == sorted(ends, key=lambda one: one["id"])
    resting = [[one["id"], SIZE - one["filled"]] for one in ends if one["status"] in ("open", "partial")]
    assert found["left"] == sorted(resting)
    assert sum(found["fills"]) == fills
    assert found["sorted"]


def test_a_request_for_all_open_orders(run_js):
    """It ends what it does not find, and leaves alone what was told of since it was sent."""
    found = run_js(
        """(m) => {
          const orders = new m.Orders();
          const base = { account: 'a', clientId: '', symbol: 'S', side: 'buy', type: 'limit', price: 5,
            size: 9, filled: 0, status: 'open', reason: '', ts: 1 };
          for (const id of ['stays', 'ended', 'ends while asked']) orders.apply({ ...base, id });
          orders.apply({ ...base, id: 'of another', account: 'b' });
          orders.apply({ ...base, id: 'back', status: 'gone' });
          const since = orders.version;
          orders.apply({ ...base, id: 'ends while asked', status: 'filled', filled: 9, ts: 2 });
          orders.apply({ ...base, id: 'new', ts: 2 });
          const answer = ['stays', 'ends while asked', 'unheard of', 'back'].map((id) => ({ ...base, id }));
          orders.snapshot('a', answer, since);
          orders.apply({ ...base, id: 'ended', status: 'cancelled', ts: 1 });
          return [...orders.open(), ...orders.finished(9)].map((one) => [one.id, one.status]);
        }""",
        modules=["account/orders"],
    )
    assert dict(found) == {
        "stays": "open",
        "ended": "cancelled",  # as the history of orders says then
        "ends while asked": "filled",
        "of another": "open",
        "new": "open",
        "unheard of": "open",
        "back": "open",
    }


def test_what_is_over_is_bounded(run_js):
    """Of orders that are over, and of fills, the newest are kept; open ones always."""
    found = run_js(
        """(m) => {
          const orders = new m.Orders(10);
          const base = { account: 'a', clientId: '', symbol: 'S', side: 'buy', type: 'limit', price: 5,
            size: 9, filled: 0, status: 'open', reason: '' };
          orders.apply({ ...base, id: 'old', ts: 0 });
          for (let ts = 1; ts < 1000; ts += 1) {
            orders.apply({ ...base, id: String(ts), status: 'cancelled', ts });
            orders.fill({ account: 'a', id: String(ts), order: String(ts), symbol: 'S', side: 'buy', price: 5,
              size: 1, left: null, ts });
          }
          return [orders.open().map((one) => one.id), orders.finished(99).length, orders.finished(1)[0].id,
            orders.fills('S').map((one) => one.ts)];
        }""",
        modules=["account/orders"],
    )
    assert found[0] == ["old"]
    assert 10 <= found[1] <= 20
    assert found[2:] == ["999", list(range(990, 1000))]


def test_numbers_of_json_stay_texts(run_js):
    """Digits are what was written, however many; texts that look like numbers stay as they are."""
    draw = random.Random(3)
    digits = [str(draw.randrange(10**30)) + "." + str(draw.randrange(10**12)).zfill(12) for _ in range(50)]
    strange = ['"', '\\"1.5', "1.50", "a\nb", "\\\\", "{1:2}", "é\u2028", ""]
    numbers = ",".join([*digits, "-0.10", "1e-05", "0"])
    text = f'{{"numbers":[{numbers}],"texts":{json.dumps(strange)},"nothing":[null,true]}}'
    found = run_js("(m, text) => m.readExact(text)", text, modules=["common/exact_json"])
    assert found == {"numbers": [*digits, "-0.10", "1e-05", "0"], "texts": strange, "nothing": [None, True]}
    written = run_js(
        """(m) => [m.writeExact({ symbol: 'A"B', none: null }, { size: '0.10', price: null }),
          ...['1e5', '1;2', '', 'NaN', '1.'].map((bad) => {
            try { return m.writeExact({}, { size: bad }); } catch (problem) { return problem.name; }
          })]""",
        modules=["common/exact_json"],
    )
    assert written == ['{"symbol":"A\\"B","size":0.10}', *["RangeError"] * 5]


def test_signatures(run_js):
    """As Python's, of keys and messages that are text or bytes."""
    found = run_js(
        """async (m) => [await m.hmacHex('SHA-256', 'demo-secret', 'symbol=BTCUSDT&timestamp=1é'),
          await m.hmacBase64('SHA-512', m.fromBase64('AAEC/w=='), new Uint8Array([1, 2, 3]))]""",
        modules=["account/sign"],
    )
    first = hmac.new(b"demo-secret", "symbol=BTCUSDT&timestamp=1é".encode(), hashlib.sha256).hexdigest()
    second = hmac.digest(b"\x00\x01\x02\xff", b"\x01\x02\x03", "sha512")
    assert found[0] == first
    assert run_js("(m, text) => [...m.fromBase64(text)]", found[1], modules=["account/sign"]) == list(second)


def test_the_script_beside_the_clock(run_js):
    """What is over, at work and ahead, and for how long; in a later round as in the first."""
    entries = [
        {"at_ms": 0, "duration_ms": None},
        {"at_ms": 1000, "duration_ms": 5000},
        {"at_ms": 2000, "duration_ms": 500},
        {"at_ms": 9000, "duration_ms": 500},
        {"at_ms": None, "seq": 70},
    ]
    wanted = [["over", 0], ["active", 2500], ["over", 0], ["ahead", 5500], ["ahead", 0]]
    for start, duration, time in ((100, None, 3600), (100, 20_000, 3600), (100, 20_000, 43_600)):
        found = run_js(
            "(m, ...given) => m.rows(...given).map((one) => [one.state, one.wait])",
            entries,
            {"start": start, "duration": duration},
            {"time": time, "seq": 69},
            modules=["admin/timeline"],
        )
        assert found == wanted
    spans = run_js("(m) => [3723000, 125900, 59999, 40].map(m.span)", modules=["admin/timeline"])
    assert spans == ["1:02:03", "2:05", "59.9 s", "0.0 s"]


def test_rates_of_connections(run_js):
    """Bytes a second between two looks; none for one that has just come, or of which nobody knows."""
    found = run_js(
        """(m) => {
          const looks = new m.Looks();
          looks.take([{ connection: 1, acked_bytes: 1000 }, { connection: 2, acked_bytes: null }], 5000);
          const next = [{ connection: 1, acked_bytes: 4000 }, { connection: 2, acked_bytes: null },
            { connection: 3, acked_bytes: 9 }];
          return looks.take(next, 5500).map((one) => one.rate);
        }""",
        modules=["admin/connections"],
    )
    assert found == [6000, None, None]
