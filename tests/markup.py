"""What a browser would make of a page, and names that try to change it."""

import html
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

LONGEST = 500


def hostile_names(kind: str, *, longest: int = LONGEST) -> list[str]:
    """Return names that people and record companies may give to such a thing.

    The first is `markup_name(kind)`; "" is among them.
    """
    names = [
        markup_name(kind),
        f"</title></textarea><script>alert('{kind}')</script>",
        '" autofocus onfocus="alert(1)" x=\'',
        "{{ 7|add:7 }}{% csrf_token %}${7*7}<%= 7*7 %>",
        "مرحبا بالعالم \u202e\u2067‏ abc",
        "👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 e\u0301\u0327\u0336\u0336",
        "Ω" * LONGEST,
        "",
        "\u3000\u00a0",
    ]
    return [name[:longest] for name in names]


def markup_name(kind: str) -> str:
    """Return the one hostile name that a page's text is searched for."""
    return f"<img src=x onerror=alert('{kind}')>"


def shows_escaped(page: str, kind: str) -> bool:
    """Tell whether the page shows the hostile name of this kind, as text."""
    return html.escape(markup_name(kind)).replace("&#x27;", "&#39;") in page.replace(
        "&#x27;", "&#39;"
    )


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
            is_data = attributes.get("type") == "application/json"
            if tag == "script" and not attributes.get("src") and not is_data:
                yield "an inline script"
            if tag in ("style", "iframe", "object", "embed", "base"):
                yield f"<{tag}>"
            for name, value in attributes.items():
                if name == "style" or name.startswith(("on", "hx-on")):
                    yield f"<{tag} {name}>"
                if (value or "").strip().lower().startswith(("javascript:", "data:")):
                    yield f"<{tag} {name}={value!r}>"
