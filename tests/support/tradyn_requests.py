"""Random requests of Tradyn's REST, good and bad, as what they ask of the market."""

import json
from types import SimpleNamespace

from feed import Settings
from feed.dialects.access import Problem
from feed.dialects.tradyn.rest.trade import endpoints
from feed.model.grants import Grant, Scope

TRADE = {endpoint.path.removeprefix("/api/"): endpoint for endpoint in endpoints()}
NONSENSE = ("0", "-1", "1e-30", "1e30", "NaN", '"1"', "true", "null", "0.123456789012", "1e2", "[]")


class TradynClients:
    """
    Whoever speaks Tradyn to a market.

    Args:
        run: The market, with its accounts.
        trading: What they can do in it.
        mark: Gives a mark price, ticks.
    """

    def __init__(self, run, trading, mark):
        self._run = run
        self.refused = self.sent = 0
        state = SimpleNamespace(mark_price=mark, now=run.now)
        self._context = SimpleNamespace(
            settings=Settings(trading=trading),
            listing=run.listing,
            accounts=run.accounts,
            market_state=state,
            instrument=self._instrument,
        )
        self._mark = mark

    def draw(self, rng, *, account, tier, at, largest):
        """The request of one call; None where the call is refused before it."""
        path = rng.choice(["trade", "trade", "trade", *TRADE])
        fields = self._fields(rng, path, account, at, largest)
        for name in list(fields):
            if rng.random() < 0.02:
                fields[name] = rng.choice(NONSENSE)
        body = "{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}"
        grant = Grant(name="any", account=account, tier=tier, scopes=(Scope.READ, Scope.TRADE))
        endpoint = TRADE[path]
        try:
            call = endpoint.call((), body.encode(), grant=grant, base="", headers={})
            request = endpoint.handle(self._context, call).request
        except Problem:
            self.refused += 1
            return None
        self.sent += 1
        return request

    def _instrument(self, symbol):
        listing = self._run.listing
        if symbol not in listing:
            raise Problem(404, "not_found", symbol)
        return listing.index(symbol), listing[listing.index(symbol)]

    def _fields(self, rng, path, account, at, largest):
        """Names and texts of the values of a body."""
        instrument, own = self._run.listing[at], self._run.accounts.find(account)
        middle = self._mark(at)

        def price(spread):
            ticks = middle + middle * rng.randint(-spread, spread) // 10**6
            return instrument.price_text(max(1, ticks))

        volume = instrument.size_text(1 + largest * rng.choice([0, 1, 10, 100, 1000]) // 1000)
        symbol = json.dumps(instrument.symbol)
        exits = {name: rng.choice(["0", price(30_000)]) for name in ("sl", "tp") if rng.random() < 0.3}
        ticket = str(rng.choice([*own.orders, 7]))
        held = own.positions.get(at)
        position = {"ticket": str(held.order)} if held is not None and held.order else {"symbol": symbol}
        match path:
            case "trade":
                kind = rng.randrange(6)
                fields = {"symbol": symbol, "volume": volume, "type": str(kind), **exits}
                return fields | ({"price": price(5000)} if kind > 1 else {})
            case "positions/close":
                return position | ({"volume": volume} if rng.random() < 0.5 else {})
            case "positions/modify":
                return position | exits
            case "orders/modify":
                return {"ticket": ticket, "price": price(5000)} | exits
            case "orders/cancel":
                return {"ticket": ticket}
        return {"symbol": symbol}
