"""Collections: named groups of albums that playlists draw from."""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from library.models import (
    Album,
    AlbumQuerySet,
    Collection,
    CollectionAlbum,
    LibraryVersion,
)
from vibe_engine.errors import ConflictError, InputError

BATCH = 1_000


def create_collection(*, name: str, now: datetime, description: str = "") -> Collection:
    """Create an empty collection.

    :raises InputError: the name is empty, too long or taken (capitals aside).
    """
    collection = Collection(description=_one_line(description)[:200], created_at=now)
    _save_named(collection, name)
    return collection


def edit_collection(*, collection: Collection, name: str, description: str) -> None:
    """Rename and describe a collection.

    :raises InputError: the name is empty, too long or taken (capitals aside).
    """
    collection.description = _one_line(description)[:200]
    _save_named(collection, name)


def find_or_create_collection(*, name: str, now: datetime) -> Collection:
    """Return the collection of that name, capitals aside, or create it.

    :raises InputError: the name is empty or too long.
    """
    found = Collection.objects.filter(name__iexact=_checked_name(name)).first()
    return found or create_collection(name=name, now=now)


def delete_collection(*, collection: Collection) -> None:
    """Delete a collection; its albums stay in the library.

    A playlist without its collection would draw from everything, so:

    :raises ConflictError: a playlist still draws from it.
    """
    users = _count_users(collection)
    if users:
        drawing = "1 playlist draws" if users == 1 else f"{users} playlists draw"
        raise ConflictError(
            f"{drawing} from “{collection}”. Give them other collections first."
        )
    with transaction.atomic():
        collection.delete()
        LibraryVersion.bump()


def add_albums(*, collection: Collection, albums: AlbumQuerySet) -> int:
    """Put albums into a collection; return how many were not in it."""
    ids = albums.exclude(collectionalbum__collection=collection)
    return place_albums(
        collection=collection, album_ids=list(ids.values_list("pk", flat=True))
    )


def collect_albums(*, name: str, albums: AlbumQuerySet, now: datetime) -> int:
    """Put albums into the collection of that name, a new one if need be.

    Returns how many were not in it.

    :raises InputError: the name is empty or too long.
    """
    with transaction.atomic():
        collection = find_or_create_collection(name=name, now=now)
        return add_albums(collection=collection, albums=albums)


def place_albums(*, collection: Collection, album_ids: Iterable[int]) -> int:
    """Put albums into a collection by primary key; those in it stay in it once."""
    rows = [CollectionAlbum(collection=collection, album_id=pk) for pk in album_ids]
    with transaction.atomic():
        CollectionAlbum.objects.bulk_create(
            rows, ignore_conflicts=True, batch_size=BATCH
        )
        if rows:
            LibraryVersion.bump()
    return len(rows)


def remove_albums(*, collection: Collection, albums: AlbumQuerySet) -> int:
    """Take albums out of a collection; return how many were in it."""
    places = CollectionAlbum.objects.filter(collection=collection)
    with transaction.atomic():
        count, _ = places.filter(album__in=albums.order_by().values("pk")).delete()
        if count:
            LibraryVersion.bump()
    return count


def set_collections(
    *,
    album: Album,
    collections: Iterable[Collection],
    now: datetime,
    new_name: str = "",
) -> None:
    """Make an album stand in exactly these collections, and in the one named.

    :raises InputError: the name is too long.
    """
    with transaction.atomic():
        wanted = set(collections)
        if new_name:
            wanted.add(find_or_create_collection(name=new_name, now=now))
        album.collections.set(wanted)
        LibraryVersion.bump()


def _count_users(collection: Collection) -> int:
    """Count the rows of upper apps that name the collection."""
    relations = [
        relation
        for relation in Collection._meta.related_objects
        if relation.many_to_many
    ]
    return sum(
        relation.related_model._default_manager.filter(
            **{relation.field.name: collection}
        ).count()
        for relation in relations
    )


def _save_named(collection: Collection, name: str) -> None:
    collection.name = _checked_name(name)
    taken = InputError(f"There is a collection “{collection.name}”.", field="name")
    twins = Collection.objects.filter(name__iexact=collection.name)
    if twins.exclude(pk=collection.pk).exists():
        raise taken
    try:
        with transaction.atomic():
            collection.save()
    except IntegrityError:
        raise taken from None


def _checked_name(name: str) -> str:
    name = _one_line(name)
    if not name:
        raise InputError("A collection needs a name.", field="name")
    if len(name) > 80:
        raise InputError("A name has at most 80 characters.", field="name")
    return name


def _one_line(text: str) -> str:
    """Return text without line breaks, tabs and invisible characters."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
