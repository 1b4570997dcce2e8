"""coinbase-advanced-py by REST, over TLS: public and signed requests, every order kind, edits, refusals."""

import json
import sys
import time

from coinbase.rest import RESTClient

told = json.loads(sys.argv[1])
base = told["settings"]["RESTClient.base_url"]
client = RESTClient(**told["keys"], base_url=base, rate_limit_headers=True)
anybody = RESTClient(base_url=base)
PRODUCT = "BTC-USD"
report = {}


def refused(call, *arguments, **fields):
    """The class of what a call raises, and its text."""
    try:
        call(*arguments, **fields)
    except Exception as problem:  # noqa: BLE001 - whatever the library raises
        return type(problem).__name__, str(problem)
    return None


report["time"] = anybody.get_unix_time().to_dict()
now = int(report["time"]["epoch_seconds"])
report["public products"] = [one.product_id for one in anybody.get_public_products().products]
report["some"] = [
    one.product_id for one in anybody.get_public_products(limit=2, offset=1, product_type="SPOT").products
]
report["named"] = [
    one.product_id for one in anybody.get_public_products(product_ids=["ETH-USD", "BTC-USD"]).products
]
report["futures"] = anybody.get_public_products(product_type="FUTURE").products
report["public product"] = anybody.get_public_product(PRODUCT).to_dict()
report["public book"] = anybody.get_public_product_book(PRODUCT, limit=3).to_dict()
report["public candles"] = anybody.get_public_candles(
    PRODUCT, str(now - 600), str(now), "ONE_MINUTE"
).to_dict()
report["public trades"] = anybody.get_public_market_trades(PRODUCT, 3).to_dict()

report["product"] = client.get_product(PRODUCT, get_tradability_status=True).to_dict()
report["products"] = len(client.get_products().products)
book = client.get_product_book(PRODUCT, limit=5, aggregation_price_increment="0.10")
report["book"] = book.to_dict()
report["best"] = client.get_best_bid_ask([PRODUCT]).to_dict()
report["candles"] = client.get_candles(PRODUCT, str(now - 600), str(now), "ONE_MINUTE", limit=2).to_dict()
report["trades"] = client.get_market_trades(PRODUCT, 2).to_dict()
report["permissions"] = client.get_api_key_permissions().to_dict()
report["summary"] = client.get_transaction_summary(product_type="SPOT").to_dict()
report["portfolios"] = client.get_portfolios().to_dict()
report["portfolio"] = client.get_portfolio_breakdown(report["permissions"]["portfolio_uuid"]).to_dict()
report["payment methods"] = client.list_payment_methods().to_dict()
accounts = client.get_accounts(limit=2)
report["accounts"] = accounts.to_dict()
report["next accounts"] = client.get_accounts(limit=2, cursor=accounts.cursor).to_dict()
report["account"] = client.get_account(accounts.accounts[0].uuid).to_dict()

bid, ask = float(book.pricebook.bids[0].price), float(book.pricebook.asks[0].price)
far, high = f"{bid * 0.5:.2f}", f"{ask * 1.5:.2f}"
later = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
UP, DOWN = "STOP_DIRECTION_STOP_UP", "STOP_DIRECTION_STOP_DOWN"
answers = {
    "market buy": client.market_order_buy("", PRODUCT, quote_size="100"),
    "market buy of base": client.market_order_buy("", PRODUCT, base_size="0.001"),
    "market sell": client.market_order_sell("", PRODUCT, base_size="0.001"),
    "ioc": client.limit_order_ioc_buy("", PRODUCT, "0.001", f"{ask * 1.01:.2f}"),
    "fok": client.limit_order_fok_sell("", PRODUCT, "0.001", f"{bid * 0.99:.2f}"),
    "gtc": client.limit_order_gtc_buy("", PRODUCT, "0.001", far, post_only=True),
    "gtd": client.limit_order_gtd_sell("", PRODUCT, "0.001", high, later),
    "stop": client.stop_limit_order_gtc_sell("", PRODUCT, "0.001", far, far, DOWN),
    "stop gtd": client.stop_limit_order_gtd_buy("", PRODUCT, "0.001", high, high, later, UP),
}
report["placed"] = {name: answer.to_dict() for name, answer in answers.items()}
ids = {name: answer.success_response["order_id"] for name, answer in answers.items()}
report["orders"] = {name: client.get_order(order).to_dict()["order"] for name, order in ids.items()}
report["previews"] = {
    "market": client.preview_market_order_buy(PRODUCT, quote_size="100").to_dict(),
    "limit": client.preview_limit_order_gtc_buy(PRODUCT, "0.001", far).to_dict(),
    "too much": client.preview_limit_order_gtc_buy(PRODUCT, "100", far).to_dict(),
}
report["edited"] = client.edit_order(ids["gtc"], size="0.002", price=far).to_dict()
report["edit preview"] = client.preview_edit_order(ids["gtc"], size="0.003", price=far).to_dict()
report["open"] = [one.order_id for one in client.list_orders(order_status=["OPEN"]).orders]
page = client.list_orders(limit=4)
report["page"] = [one.order_id for one in page.orders]
report["next page"] = [one.order_id for one in client.list_orders(limit=4, cursor=page.cursor).orders]
report["sells"] = [one.side for one in client.list_orders(order_side="SELL", product_ids=[PRODUCT]).orders]
report["stops"] = [one.order_type for one in client.list_orders(order_types="STOP_LIMIT").orders]
report["fills"] = client.get_fills(order_ids=[ids["market buy"]]).to_dict()
report["all fills"] = [one.to_dict() for one in client.get_fills(limit=1000).fills]
report["cancelled"] = client.cancel_orders(
    [ids["gtc"], ids["gtd"], ids["stop"], ids["stop gtd"], ids["market buy"]]
).to_dict()
report["accounts after"] = [one.to_dict() for one in client.get_accounts(limit=250).accounts]
report["ids"] = ids

funds = client.limit_order_gtc_buy("", PRODUCT, "100", f"{bid:.2f}")
report["funds"] = {"success": funds.success, **funds.error_response}
stranger = RESTClient(
    api_key=told["keys"]["api_key"] + "0", api_secret=told["keys"]["api_secret"], base_url=base
)
report["refused"] = {
    "bracket": refused(client.trigger_bracket_order_gtc_sell, "", PRODUCT, "0.001", high, far),
    "order": refused(client.get_order, "11111111-1111-4111-8111-111111111111"),
    "product": refused(client.get_product, "NO-SUCH"),
    "key": refused(stranger.get_accounts),
    "close": refused(client.close_position, "x", PRODUCT),
    "convert": refused(client.create_convert_quote, "a", "b", "1"),
}
print(json.dumps(report, default=lambda one: one.to_dict()))
