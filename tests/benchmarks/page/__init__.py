"""The page in a real browser: pictures of it, and what it costs to leave it open."""
