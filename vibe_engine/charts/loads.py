"""How much of something is used, with the mark at which it is used up."""

from django.utils.safestring import SafeString

from vibe_engine.charts import svg

FULL = 80.0
"""Where the mark stands, in percent of the width; behind it is what is too much."""
HEIGHT = 14


def load_bar(ratio: float, label: str) -> SafeString:
    """Return a bar of what is asked against what is there (1 is all of it).

    What is asked beyond that is drawn red, up to a quarter more.
    """
    within = FULL * min(max(ratio, 0.0), 1.0)
    beyond = min(FULL * max(ratio - 1.0, 0.0), 100.0 - FULL)
    body = [
        svg.rect(0, 3, FULL, 8, "fill-track"),
        svg.rect(0, 3, within, 8, "fill-ink"),
        svg.rect(FULL, 3, beyond, 8, "fill-bad"),
        svg.upright(FULL, 0, HEIGHT, "axis"),
    ]
    return svg.drawing(HEIGHT, body, label=label)
