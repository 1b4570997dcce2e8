"""Ground floor: instruments, units, events, orders, topics and grants. Standard library and attrs only."""
