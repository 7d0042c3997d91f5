"""The forms of a page as a browser would send them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Fields = list[tuple[str, str]]


@dataclass
class Form:
    """One form: where it goes, what it sends untouched, and its buttons.

    A button is the address it sends to and what it adds. Of rows that can be ticked
    the first one is.
    """

    action: str
    method: str
    fields: Fields = field(default_factory=list)
    buttons: list[tuple[str, Fields]] = field(default_factory=list)

    def all_named(self, name: str) -> list[str]:
        """Return every value that is sent under a name."""
        return [value for named, value in self.fields if named == name]


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.open: Form | None = None
        self.select = ""
        self.textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.open = Form(
                given.get("action") or self.address, given.get("method", "get")
            )
            self.forms.append(self.open)
        if self.open is None:
            return
        name = given.get("name", "")
        if tag == "input":
            self._input(self.open, given)
        elif tag == "button" and given.get("formmethod", "post") == "post":
            extra = [(name, given.get("value", ""))] if name else []
            self.open.buttons.append((given.get("formaction") or "", extra))
        elif tag in {"select", "textarea"}:
            setattr(self, tag, name)
            if tag == "textarea":
                self.open.fields.append((name, ""))
        elif tag == "option" and self.select:
            self._option(self.open, given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None
        elif tag in {"select", "textarea"}:
            setattr(self, tag, "")

    def handle_data(self, data: str) -> None:
        if self.open is not None and self.textarea:
            name, value = self.open.fields.pop()
            self.open.fields.append((name, value + data))

    def _input(self, form: Form, given: dict[str, str]) -> None:
        name, kind = given.get("name", ""), given.get("type", "text")
        ticked = kind not in {"checkbox", "radio"} or "checked" in given
        first_row = "data-row" in given and not form.all_named(name)
        if name and kind != "submit" and (ticked or first_row):
            form.fields.append((name, given.get("value", "")))

    def _option(self, form: Form, given: dict[str, str]) -> None:
        value = given.get("value", "")
        chosen = form.all_named(self.select)
        if not chosen:
            form.fields.append((self.select, value))
        elif "selected" in given:
            form.fields = [pair for pair in form.fields if pair[0] != self.select]
            form.fields.append((self.select, value))


def posting_forms(page: str, *, address: str) -> list[Form]:
    """Return the forms of a page that are posted."""
    reader = _Reader(address)
    reader.feed(page)
    return [form for form in reader.forms if form.method == "post"]
