"""Which environment variables the product reads, and an environment without them."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def documented_variables() -> frozenset[str]:
    """Return the names that `.env.example` lists, commented out or not."""
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    return frozenset(re.findall(r"^#? ?([A-Z][A-Z_]+)=", example, re.MULTILINE))


PRODUCT_VARIABLES = documented_variables() | {"VIBE_ENV_FILE"}


ASYNC_GUARD = "DJANGO_ALLOW_ASYNC_UNSAFE"
"""Set in this process while a browser is driven; no newcomer's shell has it."""


def clean_environment(**added: str) -> dict[str, str]:
    """Return this process's environment as a newcomer's shell has it, and `added`."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in PRODUCT_VARIABLES and name != ASYNC_GUARD
    }
    return {**kept, "VIBE_ENV_FILE": os.devnull, **added}
