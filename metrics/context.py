"""What the frame around every page shows."""

from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, object]:
    """Add `frame` to the context of every page."""
    return {"frame": None}
