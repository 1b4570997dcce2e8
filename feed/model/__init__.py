"""Values: instruments, units, events, orders, accounts, topics, grants. Standard library and attrs only."""
