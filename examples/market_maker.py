"""
Shows an agent: a participant of a scenario's market, in code of your own, that makes a market.

Run: ``feed replay examples/market_maker.toml``, which names the class in ``examples/market_maker.py``; or let
clients see it: ``feed serve --scenario examples/market_maker.toml``.

It keeps one bid and one ask around the middle of the quote that it sees, which is as old as its latency. The
more it holds, the lower it quotes, so that somebody takes it off its hands.
"""

from feed.agents import Agent, Side

MILLISECOND = 1_000_000  # nanoseconds


class MarketMaker(Agent):
    """
    Quotes both sides, and again when the market has moved away or it was filled.

    Args:
        size: Lots of each quote.
        half_spread: Ticks from the middle to each quote.
        most: Lots that it holds at most, long or short.
        every_ms: Milliseconds between two looks at the market.
    """

    def __init__(self, size, half_spread=3, most=None, every_ms=20):
        if size < 1 or half_spread < 1 or every_ms < 1:
            raise ValueError("size, half_spread and every_ms are at least 1")
        self.size = size
        self.half_spread = half_spread
        self.most = most or 10 * size
        self.every = every_ms * MILLISECOND

    def on_start(self, context):
        context.set_timer(self.every)

    def on_timer(self, context):
        for symbol in context.symbols:
            self.quote(context, symbol)
        # Not exactly as often as others: two that look at the same moment would always meet.
        context.set_timer(self.every // 2 + context.exponential(self.every // 2))

    def on_fill(self, context, fill):
        self.quote(context, fill.symbol)

    def quote(self, context, symbol):
        """Cancel what stands at a wrong price, and quote where nothing stands."""
        seen = context.quote(symbol)
        if seen is None or not seen.two_sided:
            return
        held = context.position(symbol)
        skew = -self.half_spread * held // self.most
        middle = (seen.bid + seen.ask) // 2 + skew
        wanted = {Side.BUY: middle - self.half_spread, Side.SELL: middle + self.half_spread}
        if held >= self.most:
            del wanted[Side.BUY]
        if held <= -self.most:
            del wanted[Side.SELL]
        standing = set()
        for order in context.orders.values():
            if order.symbol == symbol and order.acknowledged:
                if wanted.get(order.side) == order.price:
                    standing.add(order.side)
                else:
                    context.cancel(order.order)
            elif order.symbol == symbol:
                standing.add(order.side)  # on its way
        for side, price in wanted.items():
            if side not in standing:
                context.submit(symbol, side, self.size, price, post_only=True)
