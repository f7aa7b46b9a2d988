"""Reading an HTML page back."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "img", "br", "rect"}


@dataclass
class Element:
    """An element with its attributes, its text and its elements."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, white space folded."""
        return " ".join("".join(self._texts()).split(" ")).strip()

    def _texts(self) -> list[str]:
        return [*self.texts, *(text for child in self.children for text in child._texts())]

    def all(self, tag: str, css: str = "") -> list[Element]:
        """Elements within, of a tag and, where given, of a class."""
        found = []
        for child in self.children:
            classes = (child.attributes.get("class") or "").split()
            if child.tag == tag and (not css or css in classes):
                found.append(child)
            found += child.all(tag, css)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attributes))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].texts.append(data)


def read(page: str) -> Element:
    """The page as elements; every one must be closed, and in order."""
    reader = _Reader()
    reader.feed(page)
    assert reader.open == [reader.root]
    return reader.root


def table_rows(table: Element) -> list[list[str]]:
    """Texts of a table's body, bars aside."""
    body = table.all("tbody")[0]
    return [[cell.text for cell in row.all("td") if cell.attributes.get("class") != "b"] for row in body.all("tr")]
