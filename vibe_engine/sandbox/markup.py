"""The frame of the sandbox's own pages; whatever goes into it is escaped."""

from collections.abc import Iterable
from pathlib import Path

from markupsafe import Markup
from werkzeug.wrappers import Response

STYLESHEET = Path(__file__).parent / "static" / "sandbox.css"

_FRAME = Markup("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} · Sandbox</title>
<link rel="icon" href="/images/sandbox.svg">
<link rel="stylesheet" href="/static/sandbox.css">
</head>
<body class="{kind}">
<header class="bar">
<a class="mark" href="/">SANDBOX</a>
<p>A local stand-in for Spotify. Nothing here reaches the real one.</p>
<nav>{links}</nav>
</header>
<main>{body}</main>
</body>
</html>
""")
_LINK = Markup('<a href="{}">{}</a>')


def page(
    title: str,
    body: Markup,
    *,
    kind: str = "wide",
    status: int = 200,
    product_url: str = "",
    form_targets: Iterable[str] = (),
) -> Response:
    """Return an HTML page; `kind` is "wide" or "narrow".

    `form_targets`: origins to which the answer to a form may redirect, which
    browsers hold against the policy too.
    """
    links = [_LINK.format("/browse", "Browse the catalogue")]
    if product_url:
        links.append(_LINK.format(product_url, "Back to Vibe Engine"))
    html = _FRAME.format(title=title, kind=kind, body=body, links=joined(links))
    response = Response(html, status, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _policy(form_targets)
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def joined(parts: Iterable[Markup]) -> Markup:
    """Return the parts one after the other."""
    return Markup("\n").join(parts)


def _policy(form_targets: Iterable[str]) -> str:
    targets = " ".join(("'self'", *form_targets))
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}"
    )
