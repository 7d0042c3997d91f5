"""What is asked before something is lost, for the confirm page and its dialog."""

from django.urls import reverse

from accounts.models import Account
from automation.models import Run


def disconnect(account: Account) -> dict[str, object]:
    """Return the question before the tokens are dropped."""
    return {
        "title": f"Disconnect {account}?",
        "text": "Nothing is reshuffled any more until somebody connects it again.",
        "facts": [
            ("Lost", "The tokens stored here"),
            (
                "Kept",
                f"{_playlists(account)}, their lists and their history, for whoever "
                "connects it again; to leave for good, erase it within five days",
            ),
            ("On Spotify", "Everything stays as it is"),
            (
                "Also",
                "Take the access back at spotify.com/account/apps, since an app "
                "cannot do that itself",
            ),
        ],
        "action": reverse("accounts:disconnect", args=[account.pk]),
        "label": "Disconnect",
        "icon": "link",
        "danger": True,
        "back": account.get_absolute_url(),
    }


def erase(account: Account) -> dict[str, object]:
    """Return the question before everything about an account is deleted."""
    waiting = Run.objects.active().filter(lane=account.lane).count()
    return {
        "title": f"Erase {account}?",
        "text": "This cannot be undone.",
        "facts": [
            ("Lost at once", "Its name, its picture and its tokens"),
            (
                "Lost in the minutes after",
                f"{_playlists(account)} here, with every list and all history, and "
                "every run about them",
            ),
            ("Cancelled", f"{waiting:,} waiting run{'' if waiting == 1 else 's'}"),
            ("Kept", "Albums and tracks of the library; the count of calls made"),
            ("On Spotify", _on_spotify(account)),
            ("Proof", "A receipt, which names nobody"),
        ],
        "action": reverse("accounts:erase", args=[account.pk]),
        "label": "Erase for good",
        "icon": "trash",
        "danger": True,
        "back": account.get_absolute_url(),
    }


def _on_spotify(account: Account) -> str:
    if account.is_usable:
        return "The playlists stay and nobody refills them, unless you choose below"
    return "The playlists stay and nobody refills them: without consent we cannot act"


def _playlists(account: Account) -> str:
    count = account.playlists_count
    return f"{count:,} playlist{'' if count == 1 else 's'}"
