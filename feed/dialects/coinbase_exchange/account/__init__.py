"""What concerns one account: orders, fills, balances."""
