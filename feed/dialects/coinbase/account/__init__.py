"""Orders, fills and balances of an account of Coinbase Advanced Trade."""
