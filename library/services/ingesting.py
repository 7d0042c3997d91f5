"""Taking albums in: opening the runs, and what one run does."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from accounts import services as account_services
from accounts.failures import translated
from accounts.models import Account
from automation import ledger
from automation.ledger import RunSpec
from automation.models import Run
from library.models import Album, Collection
from library.services import describing, grouping, storing
from library.services.previewing import Preview, Verdict
from vibe_engine.errors import BlockedError, InputError, VibeError, WaitError
from vibe_engine.spotify.errors import NotFoundError
from vibe_engine.spotify.types import AlbumData

KIND = "library.ingest_album"
BULK_KIND = "library.ingest"
OTHER_ACCOUNT = timedelta(seconds=1)


@dataclass(frozen=True)
class Opened:
    """What a request to take albums in led to.

    `run` is None where nothing had to be read; `placed` counts the albums that were
    there already and stand in the chosen collection now.
    """

    run: Run | None
    placed: int = 0


@dataclass(frozen=True)
class Ingested:
    """What one run changed; `album` is a primary key."""

    album: int
    new_tracks: int = 0
    refreshed_tracks: int = 0
    gone_tracks: int = 0
    features: int = 0


def open_ingest(
    *,
    preview: Preview,
    account: Account | None,
    now: datetime,
    collection_name: str = "",
    requested_by: AbstractBaseUser | None = None,
    idempotency_key: str | None = None,
) -> Opened:
    """Open one run per chosen album of a preview, in one bulk.

    Albums that are there already are put into the collection (a new one where no
    collection has the name) at once, the others by their run. Without an `account`
    any usable one reads.

    :raises InputError: the text names no album, no account is connected, or the
        name is too long.
    """
    if not preview.usable:
        raise InputError("No album link was found; nothing was sent.", field="text")
    reader = account or _reader(now=now)
    with transaction.atomic():
        collection = _collection(collection_name, now=now)
        run = None
        if preview.chosen:
            run = ledger.open_bulk(
                kind=BULK_KIND,
                title=_bulk_title(preview, collection),
                url=reverse("library:list"),
                children=[_album_spec(verdict, reader) for verdict in preview.chosen],
                arguments={"collection": collection.pk if collection else None},
                now=now,
                requested_by=requested_by,
                idempotency_key=idempotency_key,
            )
        return Opened(run, _place_known(preview, collection, run))


def open_refresh(
    *,
    albums: Sequence[Album],
    now: datetime,
    account: Account | None = None,
    requested_by: AbstractBaseUser | None = None,
    priority: int = Run.Priority.INTERACTIVE,
) -> Run:
    """Open a run that reads an album again, or a bulk for several.

    :raises InputError: there are none, or no account is connected.
    """
    account = account or _reader(now=now)
    specs = [
        replace(_spec(album.spotify_id, account, album=album), priority=priority)
        for album in albums
    ]
    if len(specs) == 1:
        return ledger.open_run(specs[0], now=now, requested_by=requested_by)
    return ledger.open_bulk(
        kind=BULK_KIND,
        title=f"Refresh {len(specs):,} albums",
        url=reverse("library:list"),
        children=specs,
        now=now,
        requested_by=requested_by,
    )


def ingest_album(*, run: Run, now: datetime) -> Ingested:
    """Read an album from Spotify and store it, with features where they can be had.

    One call for up to 50 tracks, one more for each further 50; features are one
    call for 100 tracks. What was stored before a wait is not read again.

    :raises VibeError: Spotify does not know the album.
    :raises BlockedError: no account can be used.
    """
    account = _account_for(run, now=now)
    try:
        done = _recalled(run) or _read_and_store(run, account, now=now)
    except BlockedError as error:
        if account_services.any_usable_account(now=now) is None:
            raise
        raise WaitError(now + OTHER_ACCOUNT, "account", str(error)) from error
    album = Album.objects.get(pk=done.album)
    features = describing.fill_features(run=run, album=album, account=account, now=now)
    return Ingested(**asdict(done) | {"features": features})


def _collection(name: str, *, now: datetime) -> Collection | None:
    if not name:
        return None
    return grouping.find_or_create_collection(name=name, now=now)


def _reader(*, now: datetime) -> Account:
    account = account_services.any_usable_account(now=now)
    if account is None:
        raise InputError(
            "Albums are read from Spotify through an account, and none is connected. "
            "Connect one first.",
            field="account",
        )
    return account


def _bulk_title(preview: Preview, collection: Collection | None) -> str:
    count = len(preview.chosen)
    albums = "1 album" if count == 1 else f"{count:,} albums"
    return f"Read {albums} into {collection}" if collection else f"Read {albums}"


def _album_spec(verdict: Verdict, account: Account) -> RunSpec:
    return _spec(verdict.album_id, account, album=verdict.album, submitted=verdict.raw)


def _spec(
    album_id: str, account: Account, *, album: Album | None, submitted: str = ""
) -> RunSpec:
    return RunSpec(
        kind=KIND,
        subject=f"album:{album_id}",
        title=f"Read “{album}”" if album else f"Read album {album_id}",
        lane=account.lane,
        budget=account.budget,
        url=album.get_absolute_url() if album else "",
        arguments={
            "album": album_id,
            "account": account.pk,
            "submitted": submitted,
        },
    )


def _place_known(
    preview: Preview, collection: Collection | None, bulk: Run | None
) -> int:
    """Put albums that are there into the collection; the runs place the others.

    A run of somebody else's that was joined may be storing its album right now: it
    either sees the new bulk, or has committed once its row can be locked here.
    """
    if collection is None:
        return 0
    if bulk is not None:
        children = Run.objects.filter(bulks=bulk).order_by("pk")
        list(children.select_for_update(of=("self",)).values_list("pk"))
    ids = [verdict.album_id for verdict in preview.usable]
    albums = Album.objects.filter(spotify_id__in=ids)
    return grouping.add_albums(collection=collection, albums=albums)


def _account_for(run: Run, *, now: datetime) -> Account:
    """Return the account that was asked for, or another one while it is no use.

    :raises BlockedError: none can be used.
    """
    asked = Account.objects.filter(pk=run.arguments.get("account"))
    preferred = asked.select_related("app__developer").first()
    account = account_services.any_usable_account(preferred, now=now)
    if account is not None:
        return account
    if preferred is not None:
        account_services.require_usable(preferred)
    raise BlockedError("needs_reauth", "No connected account can read from Spotify.")


def _recalled(run: Run) -> Ingested | None:
    stored = run.memo.get("stored")
    return Ingested(**stored) if stored else None


def _read_and_store(run: Run, account: Account, *, now: datetime) -> Ingested:
    data = _read(run, account, now=now)
    submitted = str(run.arguments.get("submitted", ""))
    with ledger.fenced(run):
        stored = storing.store_album(data=data, submitted_url=submitted, now=now)
        album = stored.album
        for collection in _collections_of(run):
            grouping.place_albums(collection=collection, album_ids=[album.pk])
        done = Ingested(
            album=album.pk,
            new_tracks=stored.new_tracks,
            refreshed_tracks=stored.refreshed_tracks,
            gone_tracks=stored.gone_tracks,
        )
        ledger.remember(run, stored=asdict(done))
        Run.objects.filter(pk=run.pk).update(
            title=f"Read “{album}”"[:300], url=album.get_absolute_url()
        )
    return done


def _read(run: Run, account: Account, *, now: datetime) -> AlbumData:
    album_id = str(run.arguments["album"])
    ledger.require_lease(run)
    try:
        client = account_services.client_for(account, now=now, run=run)
        with client, translated(account, now):
            return client.album(album_id)
    except NotFoundError as error:
        raise VibeError(_missing_words(run, album_id)) from error


def _missing_words(run: Run, album_id: str) -> str:
    """Say that Spotify has no such album; take its tracks out of later draws."""
    album = Album.objects.filter(spotify_id=album_id).first()
    if album is None:
        return f"Spotify knows no album with the id {album_id}, or hides it."
    with ledger.fenced(run):
        count = storing.mark_missing(album=album)
    tracks = "1 track" if count == 1 else f"{count} tracks"
    return f"Spotify no longer has “{album}”; {tracks} will not be drawn any more."


def _collections_of(run: Run) -> QuerySet[Collection]:
    """Return the collections that the run, or any bulk that joined it, is for."""
    asked = [run.arguments, *run.bulks.values_list("arguments", flat=True)]
    ids = {arguments.get("collection") for arguments in asked}
    return Collection.objects.filter(pk__in=ids - {None})
