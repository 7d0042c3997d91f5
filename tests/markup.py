"""What a browser would make of a page: which elements stand in it, and what runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

HOSTILE_NAMES = {
    "markup": "<img src=x onerror=alert('owned')><b>bold</b>",
    "script": "</title></textarea><script>alert('owned')</script>",
    "attribute": "\" onmouseover=\"alert('owned')\" x='",
    "template": "{{ 7|add:7 }}{% csrf_token %}${7*7}<%= 7*7 %>",
    "right-to-left": "مرحبا بالعالم \u202e\u2067‏",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 e\u0301\u0327\u0336",
    "long": "Ω" * 500,
    "empty": "",
    "blank": "\u3000\u00a0",
}
"""Names that people and record companies may give; 500 characters at most."""


@dataclass
class Markup(HTMLParser):
    """A page's elements, with their attributes, in order."""

    text: str
    elements: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append((tag, dict(attrs)))

    def intruders(self) -> Iterator[str]:
        """Yield what our own templates never write: scripts, styles and handlers."""
        for tag, attributes in self.elements:
            if tag == "script" and not attributes.get("src"):
                yield "an inline script"
            if tag in ("style", "iframe", "object", "embed", "base"):
                yield f"<{tag}>"
            for name, value in attributes.items():
                if name == "style" or name.startswith(("on", "hx-on")):
                    yield f"<{tag} {name}>"
                if (value or "").strip().lower().startswith(("javascript:", "data:")):
                    yield f"<{tag} {name}={value!r}>"
