"""What clients send and are sent, kept for audits: entries, rotated files, the tap of a connection."""
