#!/usr/bin/env python
"""Django's command line for Vibe Engine."""

import os
import sys


def main() -> None:
    """Run the command named on the command line.

    A wrong configuration is told in one sentence, as it is nobody's programming
    error, and ends with exit code 1.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vibe_engine.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Configuration: {error}")


if __name__ == "__main__":
    main()
