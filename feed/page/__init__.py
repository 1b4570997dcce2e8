"""
The page that a browser is shown: HTML, style sheets and ES modules, each served as it stands here.

What the server does with them is said in :mod:`feed.server.http.page`; there is no build step.
"""
