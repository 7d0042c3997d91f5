"""The table behind a picture, for those who would rather read."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

Cell = str | int | float | date | None


def behind(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> SafeString:
    """Return "Show as a table": a closed disclosure with every number of a picture."""
    columns = format_html_join(
        "", '<th scope="col">{}</th>', ((name,) for name in head)
    )
    body = format_html_join("", "{}", ((_row(row),) for row in rows))
    return format_html(
        '<details class="behind"><summary>Show as a table</summary><div tabindex="0">'
        '<table class="table tight"><caption class="visually-hidden">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>",
        caption,
        columns,
        body,
    )


def _row(row: Sequence[Cell]) -> SafeString:
    first, *rest = row
    cells = format_html_join("", "<td>{}</td>", ((_words(cell),) for cell in rest))
    return format_html('<tr><th scope="row">{}</th>{}</tr>', _words(first), cells)


def _words(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell.day} {cell:%b %Y}"
    return str(cell)
