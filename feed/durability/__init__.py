"""The data folder: what determines the market, on a disk that may fail; blocking, pure, without Trio."""
