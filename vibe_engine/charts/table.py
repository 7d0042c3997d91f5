"""The table behind a picture, for those who would rather read."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString

from vibe_engine.charts import svg

Cell = str | int | float | date | None


def behind(
    caption: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> SafeString:
    """Return "Show as a table": a closed disclosure with every number of a picture."""
    columns = format_html_join(
        "", '<th scope="col">{}</th>', ((name,) for name in head)
    )
    return format_html(
        '<details class="behind"><summary>Show as a table</summary><div tabindex="0">'
        '<table class="table tight"><caption class="visually-hidden">{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div></details>",
        caption,
        columns,
        svg.join(map(_row, rows)),
    )


def _row(row: Sequence[Cell]) -> SafeString:
    first, *rest = (conditional_escape(_words(cell)) for cell in row)
    cells = "".join(f"<td>{cell}</td>" for cell in rest)
    return SafeString(f'<tr><th scope="row">{first}</th>{cells}</tr>')


def _words(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, date):
        return f"{cell.day} {cell:%b %Y}"
    return str(cell)
