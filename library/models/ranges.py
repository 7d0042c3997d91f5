"""Ranges of which either end may be open."""

from django.db.models import Q


def between(name: str, low: float | None, high: float | None) -> Q:
    """Return the condition that a column lies in a range, both ends included."""
    bounds = {f"{name}__gte": low, f"{name}__lte": high}
    return Q(**{key: bound for key, bound in bounds.items() if bound is not None})
