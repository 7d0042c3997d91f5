"""The usable tracks as columns, kept until the library or the day changes."""

from library.pool.cache import load_libraries, load_library, recording_numbers
from library.pool.columns import PoolColumns

__all__ = ["PoolColumns", "load_libraries", "load_library", "recording_numbers"]
