"""A page taken apart, as a browser's parser would, so that tests ask about elements."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Element:
    """An element with its attributes and the text up to the next tag."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class HtmlPage(HTMLParser):
    """All elements of a page in document order."""

    html: str
    elements: list[Element] = field(default_factory=list)
    inside: Element | None = None

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = Element(tag, {name: value or "" for name, value in attrs})
        self.elements.append(self.inside)

    def handle_endtag(self, tag: str) -> None:
        self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.inside.text += data

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.elements if element.tag in tags]

    def by_id(self, name: str) -> Element:
        [found] = [e for e in self.elements if e.attributes.get("id") == name]
        return found

    def json(self, name: str) -> Any:
        """The object in the data element of this id."""
        return json.loads(self.by_id(name).text)
