"""What an observer of the market points out: one module for each source of what it sees."""
