"""`python -m vibe_engine.sandbox`."""

import argparse
import sys

from vibe_engine.sandbox.cli import StartError, add_arguments, run


def main() -> int:
    """Run the sandbox; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m vibe_engine.sandbox", description="A local Spotify."
    )
    add_arguments(parser)
    try:
        run(parser.parse_args(), sys.stdout)
    except StartError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
