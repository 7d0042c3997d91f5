"""Runtime settings: typed, with ranges and units, changed while everything runs.

What stands in the table `settings` wins over the environment, and that over the
default. Load them once per door and pass them down.
"""

from automation.runtime.specs import BY_KEY, SPECS, Spec
from automation.runtime.storing import (
    InForce,
    describe,
    load,
    parse_changes,
    restore_default,
    save_settings,
)
from automation.runtime.values import (
    DESCRIPTION_TEMPLATES,
    EXPLICIT,
    REST_SCOPES,
    VERSIONS,
    RuntimeSettings,
)

__all__ = [
    "BY_KEY",
    "DESCRIPTION_TEMPLATES",
    "EXPLICIT",
    "REST_SCOPES",
    "SPECS",
    "VERSIONS",
    "InForce",
    "RuntimeSettings",
    "Spec",
    "describe",
    "load",
    "parse_changes",
    "restore_default",
    "save_settings",
]
