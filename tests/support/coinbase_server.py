"""A server with a simulated market at the exchange's venue, and clients that show tokens of their own."""

import base64
import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import attrs
import binance_server
from asking import answer, head
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from feed.model.grants import Grant, Scope, Tier
from feed.policies import Policies
from feed.server.keys import entry_for
from feed.server.publickey import public_key
from feed.settings import Settings, SpotDeposit, Trading

BOTH = (Scope.READ, Scope.TRADE)
GRANTS = {
    "alice": Grant(name="alice", account=1, scopes=BOTH),
    "bob": Grant(name="bob", account=2, scopes=BOTH, tier=Tier.MAX),
    "carol": Grant(name="carol", account=3, scopes=(Scope.READ,)),
    "erin": Grant(name="erin", account=5, scopes=BOTH, dialects=("rails",)),
}
KEYS = {name: f"organizations/o/apiKeys/{name}" for name in GRANTS}
SECRET = "hush"
EC = ec.derive_private_key(20_260_101, ec.SECP256R1())
ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PRIVATE = {"alice": EC, "bob": ED25519, "carol": EC, "erin": EC}


def pem(private):
    """The public half of a key, as its owner would hand it over."""
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


PUBLIC = {private: public_key(pem(private)) for private in (EC, ED25519)}
ENTRIES = tuple(
    attrs.evolve(entry_for(KEYS[name], grant, secret=SECRET, signs=True), public_key=PUBLIC[PRIVATE[name]])
    for name, grant in GRANTS.items()
)
TRADING = Trading(deposits=(SpotDeposit("USD", 100_000), SpotDeposit("BTC", 2), SpotDeposit("ETH", 5)))
PREFIX = "/coinbase"
API = "/api/v3/brokerage"
HOST = "localhost"
NO_LIMIT = Settings(policies=Policies(coinbase=attrs.evolve(Policies().coinbase, requests_per_second=10_000)))


def _part(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed_with(private, message):
    """A signature as RFC 7518 has it."""
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return private.sign(message)
    numbers = decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
    return b"".join(number.to_bytes(32, "big") for number in numbers)


def jwt(name, seconds, uri=None, *, private=None, header=None, **claims):
    """A token as the holder of a key makes it; a claim or field of the header that is None is left out."""
    private = private or PRIVATE[name]
    algorithm = "EdDSA" if isinstance(private, ed25519.Ed25519PrivateKey) else "ES256"
    first = {"alg": algorithm, "kid": KEYS[name], "nonce": "0", "typ": "JWT", **(header or {})}
    said = {"sub": KEYS[name], "iss": "cdp", "nbf": seconds, "exp": seconds + 120, "uri": uri, **claims}
    parts = [_part({key: value for key, value in one.items() if value is not None}) for one in (first, said)]
    message = ".".join(parts)
    return f"{message}.{_part(signed_with(private, message.encode()))}"


class ExchangeServer(binance_server.ExchangeServer):
    """A server whose market is simulated."""

    async def ask(self, name, method, path, body=None, **query):
        """One request by HTTP with a token: status, headers, JSON."""
        target = path + (f"?{urlencode(query, doseq=True)}" if query else "")
        token = jwt(name, self.now // 1000, f"{method} {HOST}{PREFIX}{path}")
        content = "" if body is None else json.dumps(body)
        return await self.send(method, target, content, Authorization=f"Bearer {token}")

    async def ask_signed(self, name, method, path, body=None, **change):
        """The same with a signature of the older kind; ``change`` replaces headers."""
        content, time = "" if body is None else json.dumps(body), str(self.now // 1000)
        payload = f"{time}{method}{path}{content}".encode()
        shown = {
            "CB-ACCESS-KEY": KEYS[name],
            "CB-ACCESS-SIGN": hmac.new(SECRET.encode(), payload, hashlib.sha256).hexdigest(),
            "CB-ACCESS-TIMESTAMP": time,
            **{field.replace("_", "-"): value for field, value in change.items()},
        }
        return await self.send(method, path, content, **shown)

    async def send(self, method, target, content="", **headers):
        """One request by HTTP."""
        client = self.connect()
        if content:
            headers["Content-Length"] = str(len(content))
        await client.send_bytes(head(PREFIX + target, method=method, **headers) + content.encode())
        found = await answer(client, method=method)
        await client.stream.aclose()
        return found

    async def get(self, name, path, **query):
        """The answer to a question of an account, with status 200."""
        status, _, found = await self.ask(name, "GET", API + path, **query)
        assert status == 200, found
        return found

    async def post(self, name, path, **body):
        """The answer to a request of an account, with status 200."""
        status, _, found = await self.ask(name, "POST", API + path, body)
        assert status == 200, found
        return found

    async def place(self, configuration, name="alice", *, side="BUY", client="", **terms):
        """The answer to an order."""
        self.placed = getattr(self, "placed", 0) + 1
        return await self.post(
            name,
            "/orders",
            client_order_id=client or f"own-{self.placed}",
            product_id="BTC-USD",
            side=side,
            order_configuration={configuration: terms},
        )

    async def order(self, configuration, name="alice", **terms):
        """An order that was placed, as it stands."""
        said = await self.place(configuration, name, **terms)
        assert said["success"], said
        found = await self.get(name, f"/orders/historical/{said['success_response']['order_id']}")
        return found["order"]

    async def refused(self, configuration, name="alice", **terms):
        """Why an order was not placed, in two words."""
        said = await self.place(configuration, name, **terms)
        assert not said["success"]
        return said["error_response"]["error"], said["error_response"]["preview_failure_reason"]

    async def balances(self, name="alice"):
        """What an account holds of each asset that it has: not locked, and locked."""
        found = (await self.get(name, "/accounts", limit=250))["accounts"]
        held = {one["currency"]: (one["available_balance"]["value"], one["hold"]["value"]) for one in found}
        return {asset: both for asset, both in held.items() if any(float(one) for one in both)}


@asynccontextmanager
async def exchange(settings=NO_LIMIT, *, symbols=("BTC-USD", "ETH-USD"), trading=TRADING, **more):
    """A server that lets clients in; its market stands at its third second, unless it has a speed."""
    async with binance_server.exchange(
        settings, symbols=symbols, trading=trading, keys=ENTRIES, kind=ExchangeServer, **more
    ) as server:
        yield server


def price(ticks):
    """Of BTC-USD, as an order says it."""
    return f"{ticks / 100:.2f}"
