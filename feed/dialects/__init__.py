"""
Published protocols, one folder each.

To add one: make a folder here with a ``DIALECT`` that fulfils :class:`feed.dialects.contract.Dialect`
(decode, encode and session apart, a ``NOTES.md`` with the document's lines and the choices made), and
its mirror under ``tests/dialects``. It is found by itself, and the contract tests run over it.
"""
