"""The simulated market: seeded participants around a matching engine, in discrete events."""
