"""The sandbox's own pages: HTML from files, with everything put in escaped."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from markupsafe import Markup, escape
from werkzeug.wrappers import Response

HERE = Path(__file__).parent


def fill(template: str, **values: object) -> Markup:
    """Return `html/<template>.html` with the values in place of their names.

    Every value is escaped, unless it came out of this function itself.
    """
    return _template(template).format(**values)


def fill_each(template: str, rows: Iterable[Mapping[str, object]]) -> Markup:
    """Return the template filled once for every row, one after the other."""
    return joined(fill(template, **row) for row in rows)


def joined(parts: Iterable[Markup], between: str = "\n") -> Markup:
    """Return the parts one after the other."""
    return escape(between).join(parts)


def page(
    title: str,
    body: Markup,
    *,
    kind: str = "wide",
    status: int = 200,
    product_url: str = "",
    form_targets: Iterable[str] = (),
) -> Response:
    """Return a whole page; `kind` is "wide" or "narrow".

    `form_targets`: origins to which the answer to a form may redirect, which
    browsers hold against the policy too.
    """
    back = fill("back", url=product_url) if product_url else ""
    html = fill("frame", title=title, kind=kind, body=body, back=back)
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _policy(form_targets)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


@cache
def _template(name: str) -> Markup:
    text = (HERE / "html" / f"{name}.html").read_text(encoding="utf-8")
    return Markup(text.rstrip("\n"))  # noqa: S704 (a file of ours)


def _policy(form_targets: Iterable[str]) -> str:
    targets = " ".join(("'self'", *form_targets))
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}"
    )
