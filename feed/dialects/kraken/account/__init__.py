"""What belongs to one account: its orders, trades, balances, and what may be asked for it."""
