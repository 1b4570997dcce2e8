"""The WebSocket API, ``/ws-api/v3``: requests and answers, and an account's own events, on one connection."""
