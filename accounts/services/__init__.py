"""What can be done with accounts; other apps and all doors come through here."""

from accounts.services.apps import AppSpec, ensure_app
from accounts.services.choosing import (
    any_usable_account,
    client_for,
    features_account,
    find_account,
)
from accounts.services.consenting import (
    Connected,
    add_months,
    check_seat,
    finish_consent,
    start_consent,
)
from accounts.services.editing import change_prefix, clean_prefix
from accounts.services.erasing import Erasure, erase_account, open_erasure
from accounts.services.leaving import disconnect_account
from accounts.services.refreshing import refresh_token
from accounts.services.signin import end_consents, ending, watch_consents
from accounts.services.standing import (
    ask_for_consent,
    block_without_seat,
    pause_account,
    require_usable,
    resume_account,
)
from accounts.services.waves import refresh_at, refresh_wanted, wanted

__all__ = [
    "AppSpec",
    "Connected",
    "Erasure",
    "add_months",
    "any_usable_account",
    "ask_for_consent",
    "block_without_seat",
    "change_prefix",
    "check_seat",
    "clean_prefix",
    "client_for",
    "disconnect_account",
    "end_consents",
    "ending",
    "ensure_app",
    "erase_account",
    "features_account",
    "find_account",
    "finish_consent",
    "open_erasure",
    "pause_account",
    "refresh_at",
    "refresh_token",
    "refresh_wanted",
    "require_usable",
    "resume_account",
    "start_consent",
    "wanted",
    "watch_consents",
]
