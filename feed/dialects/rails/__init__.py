"""Rails: market data and orders over one connection, the same bytes for everybody who asks alike."""
