"""What the pages of the server have in common: their head, and tables."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

HTML: Final = "text/html; charset=utf-8"
_STYLE: Final = (
    "body{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2rem .5rem;text-align:left}"
    "details td:last-child{overflow-wrap:anywhere;font:12px/1.4 monospace}"
    "summary{font-weight:bold;margin:.5rem 0}"
    "pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}"
)


def page_head(title: str) -> str:
    """The beginning of a page, up to its first heading."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style>"
    )


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table; what is in it is text."""
    lines = ["".join(f"<th>{escape(cell)}" for cell in head)]
    lines += ["".join(f"<td>{escape(cell)}" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}" for line in lines) + "</table>"
