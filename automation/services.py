"""The engine room's services that other apps and doors call."""

from automation.ledger import unblock
from automation.runtime import restore_default, save_settings

__all__ = ["restore_default", "save_settings", "unblock"]
