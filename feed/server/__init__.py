"""The front door: connections, keys and bounds. May import every room but ``client`` and ``cli``."""
