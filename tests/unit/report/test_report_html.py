"""Documents as pages: whole, escaped, and right to the digit."""

from __future__ import annotations

import json
import re
import struct
import zlib
from base64 import b64decode
from itertools import pairwise

import numpy as np
import pytest

from archsim.escaping import visible
from archsim.report.curves import Curves, Level, Point
from archsim.report.document import (
    Branch,
    Bullets,
    Card,
    Cards,
    Document,
    Fact,
    Facts,
    Layer,
    Look,
    Maps,
    Over,
    Paragraph,
    Part,
    Raster,
    Remark,
    Span,
    Strip,
    Tab,
    Tabs,
    Tone,
    Tree,
    Verbatim,
    bars,
    names,
    numbers,
    section,
    spans,
    table,
)
from archsim.report.drawing import Box, Drawing, Stamp, Wire
from archsim.report.html import html
from archsim.report.html.curve_shapes import HEIGHT, WIDTH, curve_shapes
from archsim.report.html.pictures import heat_steps, png_uri
from archsim.report.markdown import markdown
from archsim.report.quantities import percent
from tests.unit.report.pages import read, table_rows

NASTY = [
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(2)>",
    "\"double\" & 'single'",
    "bell\x07 and \x1b[31mred",
    "right\u202eto left",
    "{{ 7 * 7 }} {% raw %}",
    "a|b*c_d`e",
    "line\nbreak",
    "half \ud800 of a pair",
]


def every_part(name: str) -> list[Part]:
    return [
        table(name, names(name, [name, "x"]), numbers(name, [0.5, 0.25], percent), bars([0.5, 0.25])),
        table("", names("n", [name]), spans(name, [(Span(0.0, 0.4, Tone.KEPT), Span(0.4, 1.0, Tone.LOST))])),
        Facts((Fact(name, name, name),)),
        Cards((Card(name, name, name, 0.3), Card("a", "1 W", "b"))),
        Paragraph(name, name),
        Remark(name),
        Bullets((name,)),
        Verbatim(name),
        Tree(name, Branch(name, 3.0, (Branch(name, 2.0, (Branch(name, 1.0),)), Branch("y", 1.0))), "{:.1f} J".format),
        Raster(name, (name, "z"), np.array([[0.0, 0.5], [1.0, 0.2]]), "0 s", "1 s", ((0.5, name),)),
        Raster(name, (name,), np.array([[0.5]]), "0 s", "1 s", ((0.5, ""),), Over(name, np.array([[0.25]]))),
        Maps(name, 2, 1, (name, ""), (Layer(name, np.array([1.0, 0.0]), str),)),
        Strip(name, (Span(0.0, 1.0, Tone.WAITING),), ((Tone.WAITING, name),)),
        Drawing(
            name,
            2.0,
            1.0,
            (Stamp((Box(name, 0.0, 0.0, 1.0, 1.0, Tone.PRODUCT, name),), ((1.0, 0.0),), (name,)),),
            ((Tone.PRODUCT, name),),
            (0.5, name),
            (Wire(0.0, 0.0, 1.0, 1.0), Wire(0.0, 0.0, 2.0, 0.0, bent=True)),
        ),
        Curves(name, (Point(1.0, 0.9, 0.8, 0.95, name),), Level(name, 0.97), name, name),
        Tabs(name, (Tab(name, (Remark(name),)), Tab("other", (Remark("b"),)))),
    ]


def page_of(*parts: Part, title: str = "title") -> str:
    return html(Document((section(*parts, title=title),), None, title=title))


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_no_name_is_taken_for_markup(name: str) -> None:
    page = page_of(*every_part(name), title=name)
    plain = read(page_of(*every_part("plain"), title="plain"))
    found = read(page)
    # The same elements as with a plain name, and the name's own text.
    assert [child.tag for child in found.all("figure")] == [child.tag for child in plain.all("figure")]
    for tag in ("script", "img", "td", "li", "button", "rect"):
        assert len(found.all(tag)) == len(plain.all(tag)), tag
    assert " ".join(visible(name).split()) in " ".join(found.all("h1")[0].text.split())
    assert visible(page).count("\n") == page.count("\n")
    assert visible(page) == page


@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_tips_are_json_that_no_name_ends(name: str) -> None:
    found = read(page_of(*every_part(name)))
    data = [json.loads(script.texts[0]) for script in found.all("script") if "type" in script.attributes]
    assert data[0] == [name, "z"]
    assert data[1] == [name]
    assert data[2]["sites"] == [name, ""]
    assert data[3] == [{"places": [[1.0, 0.0, name]], "boxes": [[0.0, 0.0, 1.0, 1.0, name, name]]}]


def test_every_form_knows_every_part() -> None:
    document = Document((section(*every_part("plain"), title="Section"),), None, title="Title")
    assert "plain" in markdown(document)
    assert markdown(document).startswith("# Title\n\n## Section\n")


def test_a_table_reads_back() -> None:
    shown = table("t", names("layer", ["a", "b"]), numbers("share", [0.5, 1 / 3], percent), bars([0.5, 0.25]))
    found = read(page_of(shown)).all("table")[0]
    assert table_rows(found) == [["a", "50.0 %"], ["b", "33.3 %"]]
    keys = [cell.attributes["data-v"] for cell in found.all("td", "n")]
    assert [float(key or "") for key in keys] == [0.5, 1 / 3]
    assert shown.columns[2].look is Look.BAR


def test_nothing_is_asked_of_anybody() -> None:
    page = page_of(*every_part("plain"))
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"(src|href)=\"(?!#|data:)", page)
    assert "default-src 'none'" in page


def test_a_tree_keeps_its_figures() -> None:
    root = Branch("all", 4.0, (Branch("a", 3.0, (Branch("b", 2.0),)), Branch("c", 1.0)))
    found = read(page_of(Tree("Energy", root, "{:.1f} J".format)))
    items = [(item.attributes["data-name"], float(item.attributes["data-value"] or "")) for item in found.all("li")
             if "data-name" in item.attributes]  # fmt: skip
    assert items == [("a", 3.0), ("b", 2.0), ("c", 1.0)]
    assert found.all("figcaption")[0].text == "Energy: 4.0 J"


def test_a_drawing_is_to_scale() -> None:
    box = Box("a", 0.5e-3, 0.25e-3, 1e-3, 0.5e-3, Tone.DIGITAL)
    shown = Drawing("t", 2e-3, 1e-3, (Stamp((box,), ((0.0, 0.0), (0.5e-3, 0.0)), ("", "")),), (), (1e-3, "1 mm"))
    found = read(page_of(shown))
    assert found.all("svg")[0].attributes["viewbox"] == "-2 -2 1004 504.00"
    rect = found.all("rect")[0].attributes
    assert [float(rect[name] or "") for name in ("x", "y", "width", "height")] == [250, 125, 500, 250]
    assert [float(use.attributes["x"] or "") for use in found.all("use")] == [0, 250]
    assert "width:50.00%" in str(found.all("p", "bar")[0].all("i")[0].attributes["style"])


def test_a_curve_lies_where_its_values_are() -> None:
    # From 1 to 10000 by factors: 100 is in the middle, 0 at the left end; ticks from 0.8 to 1 in steps of 0.05.
    points = [(0.0, 0.95), (100.0, 0.9), (10000.0, 0.8)]
    shapes = curve_shapes(Curves("t", tuple(Point(x, y, y - 0.0, y + 0.05, str(x)) for x, y in points),
                                 Level("exact", 1.0), "time", "accuracy"))  # fmt: skip
    (left, _, told), (middle, half, _), (right, low, _) = shapes.dots
    assert (left, middle, right) == pytest.approx((shapes.left, (shapes.left + shapes.right) / 2, shapes.right))
    assert (half, low) == pytest.approx(((shapes.level + shapes.bottom) / 2, shapes.bottom))
    assert [tick.label for tick in shapes.up] == ["0.8", "0.85", "0.9", "0.95", "1"]
    assert told == "0.0: accuracy 0.95, 0.95 to 1"
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y, _ in shapes.dots)


@pytest.mark.parametrize("points", [1, 40])
def test_curves_of_one_or_many_points_are_drawn(points: int) -> None:
    many = tuple(Point(10.0 * n, 0.5, 0.5, 0.5, f"{10 * n} seconds") for n in range(points))
    shapes = curve_shapes(Curves("t", many, Level("exact", 0.5), "time", "accuracy"))
    assert len(shapes.dots) == points
    assert all(later.place - tick.place >= 60 for tick, later in pairwise(shapes.across))


def test_steps_of_colour() -> None:
    assert heat_steps(np.array([0.0, 0.001, 0.5, 1.0])) == [0, 1, 5, 9]
    assert heat_steps(np.zeros(2)) == [0, 0]


def test_a_picture_holds_its_shares() -> None:
    data = b64decode(png_uri(np.array([[0.0, 1.0, 0.2]])).split(",")[1])
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (3, 1)
    start = data.index(b"IDAT") + 4
    length = struct.unpack(">I", data[start - 8 : start - 4])[0]
    pixels = zlib.decompress(data[start : start + length])
    assert [pixels[4], pixels[8], pixels[12]] == [0, 255, 51]
