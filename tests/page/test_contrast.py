"""
The colours of the page, light and dark, held to WCAG 2.2 AA.

4.5:1 for text (1.4.3), 3:1 for what is drawn (1.4.11).
"""

import re
from importlib import resources

import pytest

import feed.page

BASE = resources.files(feed.page).joinpath("styles/base.css").read_text()
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);")
THEMES = ("light", "dark")
# Text and what it stands on.
TEXT = [
    *(
        (text, ground)
        for text in ("text", "dim", "accent", "buy", "sell", "warn")
        for ground in ("panel", "raised")
    ),
    *((text, ground) for text in ("text", "dim") for ground in ("ground", "hover", "chosen")),
    *((text, bar) for text in ("text", "dim") for bar in ("buy-bar", "sell-bar")),
    ("buy", "buy-bar"),
    ("sell", "sell-bar"),
    ("accent", "buy-bar"),
    ("accent", "sell-bar"),
    ("warn", "warn-ground"),
    ("on-accent", "accent"),
    ("panel", "buy"),  # labels on the chart's axes
    ("panel", "sell"),
    ("panel", "dim"),
]
# Edges of controls, focus, candles, lines: what has to be seen to use the page.
DRAWN = [
    *(("edge", ground) for ground in ("panel", "raised")),
    *(("accent", ground) for ground in ("panel", "raised", "chosen", "hover")),
    *((candle, "panel") for candle in ("buy", "sell", "warn")),
]


def luminance(colour):
    """Relative luminance, as WCAG defines it."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    """Contrast ratio of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def tokens(theme):
    """The colour of each token."""
    return {name: (light, dark)[THEMES.index(theme)] for name, light, dark in TOKEN.findall(BASE)}


def test_contrast_is_that_of_the_definition():
    """The computation itself: black on white is 21, and a colour known to be at the limit is at it."""
    assert contrast("#000000", "#ffffff") == 21
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(theme, text, ground):
    """4.5:1, whatever the size of the text."""
    colours = tokens(theme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("drawn", "ground"), DRAWN)
def test_what_is_drawn_can_be_seen(theme, drawn, ground):
    """3:1 for edges of controls, the focus, candles and lines."""
    colours = tokens(theme)
    assert contrast(colours[drawn], colours[ground]) >= 3


def test_colours_stand_in_one_place():
    """Every other rule names a token: a colour of its own would be in no test."""
    sheets = [
        one for one in resources.files(feed.page).joinpath("styles").iterdir() if one.name.endswith(".css")
    ]
    literal = re.compile(r"#[0-9a-fA-F]{3,8}\b(?![^{]*\{)|\b(?:rgb|hsl)a?\((?!0 0 0)")
    found = {one.name: literal.findall(TOKEN.sub("", one.read_text())) for one in sheets}
    assert {name: colours for name, colours in found.items() if colours} == {}
