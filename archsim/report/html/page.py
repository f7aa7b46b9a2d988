"""A Document as an HTML page: Jinja templates, one macro per kind of part; style and script go into the file."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import cast

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from archsim.escaping import visible
from archsim.report.document import Column, Document, Look, Part, Section
from archsim.report.html.curve_shapes import curve_shapes
from archsim.report.html.pictures import heat_steps, png_uri, told_boxes, wire_path

FILTERED = 12
"""Rows from which a table can be filtered."""
_ANCHOR = re.compile(r"[^a-z0-9]+")


def html(document: Document) -> str:
    """All of a document as a page that needs nothing else.

    Parameters
    ----------
    document : Document
        Its sections become the page's; those with titles are in its navigation.
    """
    template = _environment().get_template("page.html.j2")
    sections = [(anchor(one), one) for one in document.sections]
    return template.render(document=document, sections=sections, part=_Parts())


class _Parts:
    """Writes the parts of one page, each by the macro that is named after its kind."""

    def __init__(self) -> None:
        names = {"part": self, "next": count(1).__next__}
        self._macros = _environment().get_template("parts.html.j2").make_module(names)

    def __call__(self, part: Part) -> Markup:
        macro = cast("Callable[[Part], Markup]", getattr(self._macros, type(part).__name__.lower()))
        return macro(part)


def anchor(section: Section) -> str:
    """What a link to a section is called."""
    return _ANCHOR.sub("-", section.title.lower()).strip("-")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("archsim.report.html", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_seen,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "look": Look,
        "align": _align,
        "sort_key": _sort_key,
        "heat_steps": heat_steps,
        "png_uri": png_uri,
        "told_boxes": told_boxes,
        "wire_path": wire_path,
        "curve_shapes": curve_shapes,
        "filtered": FILTERED,
    }
    environment.filters["file"] = _file
    return environment


def _seen(value: object) -> object:
    """What a template writes, with the characters escaped that nobody would see."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _file(name: str) -> Markup:
    """A file that goes into the page as it is: ours, not the user's."""
    loader = cast(PackageLoader, _environment().loader)
    source, _, _ = loader.get_source(_environment(), name)
    return Markup(source)


def _align(column: Column) -> str:
    return {Look.NUMBER: "n", Look.PROSE: "p", Look.BAR: "b", Look.SPANS: "b"}.get(column.look, "")


def _sort_key(column: Column, row: int) -> str:
    value = column.values[row]
    return value if isinstance(value, str) else repr(float(value))
