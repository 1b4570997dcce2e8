"""Keys of accounts, and settings under which no limit but the disk's slows anybody down."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import attrs

CONFIG = """\
[limits]
connections = 5000
connections_per_address = 5000
backlog_bytes = 1_073_741_824
address_work_per_second = 100_000_000
address_work_burst = 100_000_000
[web]
requests_per_second = 100_000
[tokens]
per_minute = 100_000
[trading]
open_orders = 100_000
[policies.rails]
connections_per_minute = 100_000
maker_connections_per_minute = 100_000
orders_per_minute = 1_000_000_000
messages_per_second = 1_000_000
[policies.binance]
weight_per_minute = 1_000_000
requests_per_5_minutes = 1_000_000
orders_per_10_seconds = 1_000_000
[policies.coinbase]
requests_per_second = 100_000
connections_per_second = 10_000
subscribe_seconds = 600
[policies.coinbase_exchange]
connections_per_second = 10_000
subscribe_seconds = 600
"""


@attrs.frozen
class Account:
    """A key that reads, and trades for an account of its own."""

    number: int
    key: str
    secret: str

    @classmethod
    def numbered(cls, number):
        """The account of a number, always the same."""
        secret = base64.b64encode(hashlib.sha512(b"secret %d" % number).digest()).decode()
        return cls(number, f"tk_bench_{number:032x}", secret)


def write(accounts, folder):
    """A keys file of these accounts, and a file of settings that lifts the limits."""
    keys, secrets = [], []
    for one in accounts:
        digest, secret = (hashlib.sha256(text.encode()).hexdigest() for text in (one.key, one.secret))
        keys.append(
            f'[[key]]\nname = "desk {one.number}"\nsha256 = "{digest}"\nsecret_sha256 = "{secret}"\n'
            f'account = {one.number}\ntier = "max"\nscopes = ["read", "trade"]\n'
        )
        secrets.append(f'[[secret]]\nsha256 = "{digest}"\nsecret = "{one.secret}"\n')
    files = {"keys.toml": "".join(keys), "keys.secrets.toml": "".join(secrets), "feed.toml": CONFIG}
    for name, text in files.items():
        path = Path(folder, name)
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")
    return Path(folder, "keys.toml"), Path(folder, "feed.toml")
