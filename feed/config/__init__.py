"""
Settings files: reading, checking, documenting and writing them.

Everything here is derived from the classes of :mod:`feed.settings`, so that a new
field needs no code here.
"""
