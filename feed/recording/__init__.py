"""What is written to disk and read again: recordings, the journal of requests, output files."""
