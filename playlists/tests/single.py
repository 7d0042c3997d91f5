"""One playlist on the sandbox: ordered, and held against what stands there."""

from accounts.models import Account
from automation.models import Run
from automation.runtime import RuntimeSettings
from library.models import Track
from playlists.models import HistoryEntry, Playlist, PlaylistSnapshot
from playlists.services import creation
from vibe_engine.testing.clock import MovableClock
from vibe_engine.testing.sandbox import SandboxControl

SIZE = 10


def order(account: Account, clock: MovableClock) -> Run:
    """Ask for one playlist; return the bulk."""
    return creation.create_playlists(
        account=account,
        count=1,
        size=SIZE,
        settings=RuntimeSettings(),
        now=clock.now(),
    )


def assert_one_right_playlist(sandbox: SandboxControl, account: Account) -> None:
    """Check that Spotify holds one playlist, and in it the confirmed list."""
    (there,) = sandbox.playlists(account.user_id)
    playlist = Playlist.objects.get()
    current = playlist.snapshots.current().get()
    tracks = Track.objects.in_bulk(current.track_ids())
    assert there["id"] == playlist.spotify_id
    assert there["items"] == [tracks[pk].uri for pk in current.track_ids()]
    assert len(there["items"]) == SIZE
    assert there["description"] == playlist.description
    assert playlist.marker not in there["description"]
    assert playlist.status == Playlist.Status.ACTIVE


def assert_history_once(lists: int) -> None:
    """Check that each list was confirmed, written and counted exactly once."""
    assert PlaylistSnapshot.objects.count() == lists
    assert PlaylistSnapshot.objects.confirmed().count() == lists
    assert HistoryEntry.objects.count() == lists * SIZE
    uses = Track.objects.filter(use_count__gt=0).values_list("use_count", flat=True)
    assert sum(uses) == lists * SIZE
