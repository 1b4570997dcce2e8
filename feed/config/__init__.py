"""
Settings from a file and back: read and checked, described, and written with their meaning.

Everything here is read off the classes of :mod:`feed.settings`; a field that is added there is known here.
"""
