"""Text for readers that take some characters as orders: terminals, spreadsheets."""

from __future__ import annotations

import re

# Controls of terminals (all but the line's end), marks that change the direction of writing or take no room, halves of
# surrogate pairs (bytes of a command line that are no UTF-8), tags.
_HIDDEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_FORMULA = re.compile(r"[=+\-@\t\r]")


def visible(text: str) -> str:
    """Text with every character that is not seen as an escape: ``\\x1b``, ``\\u202e``."""
    return _HIDDEN.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def json_visible(text: str) -> str:
    """JSON text that says the same with escapes of its own: ``\\u001b``, ``\\u202e``."""
    return _HIDDEN.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))


def csv_visible(text: str) -> str:
    """Text for a cell of a CSV file: what a spreadsheet would take for a formula gets an apostrophe in front."""
    return visible(f"'{text}" if _FORMULA.match(text) else text)
