"""What belongs to one account: orders, trades, balances, and what it is told of them."""
