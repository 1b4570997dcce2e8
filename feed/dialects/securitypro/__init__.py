"""SecurityPro's real-time price feed: trades and tickers, the key in the subscribe frame."""
