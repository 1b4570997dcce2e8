"""The keys of the clients, as every server knows them."""

from asking import ADMIN_KEY

from feed.model.grants import Grant, Scope, Tier
from feed.server.keys import KeyStore, admin_entry, entry_for

SECRET = "hush"
SIGNING_KEY = bytes(range(32))
NAMES = ("rails", "tradyn", "binance")
ACCOUNTS = {name: at for at, name in enumerate(NAMES, 1)}
KEYS = {name: f"tk_test_{at:032x}" for name, at in ACCOUNTS.items()}
ENTRIES = (
    *(
        entry_for(
            KEYS[name],
            Grant(name=name, account=at, tier=Tier.MAX, scopes=(Scope.READ, Scope.TRADE)),
            secret=SECRET,
            signs=True,
        )
        for name, at in ACCOUNTS.items()
    ),
    admin_entry(ADMIN_KEY),
)


def key_store(clock):
    """What a server checks keys with."""
    return KeyStore(ENTRIES, clock=clock)
