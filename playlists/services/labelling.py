"""Labels: words that playlists carry, to be treated as groups."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet

from automation.models import Schedule
from playlists.models import Label, Playlist
from playlists.naming import LABEL_LONGEST, clean_label
from vibe_engine.errors import InputError

MOST_AT_ONCE = 20
"""So many labels may be named in one line."""
BATCH = 1_000


def split_names(text: str) -> tuple[str, ...]:
    """Return the labels that a line names, parted by commas, each once.

    :raises InputError: one of them is not possible, or there are too many.
    """
    parts = (part for part in text.split(",") if part.strip())
    names: dict[str, str] = {}
    for name in map(clean_label, parts):
        names.setdefault(name.casefold(), name)
    if len(names) > MOST_AT_ONCE:
        raise InputError(
            f"At most {MOST_AT_ONCE} labels at once, not {len(names)}.", field="labels"
        )
    return tuple(names.values())


def find_label(name: str) -> Label:
    """Return the label of that name, capitals aside.

    :raises InputError: there is none.
    """
    found = Label.objects.filter(folded_name=" ".join(name.split()).casefold()).first()
    if found is None:
        raise InputError(f"There is no label “{name[:LABEL_LONGEST]}”.", field="labels")
    return found


def find_or_create_labels(names: Iterable[str], *, now: datetime) -> list[Label]:
    """Return the labels of these names, new ones where there are none yet.

    :raises InputError: a name is not possible.
    """
    wanted = {name.casefold(): name for name in map(clean_label, names)}
    Label.objects.bulk_create(
        [
            Label(name=name, folded_name=folded, created_at=now)
            for folded, name in wanted.items()
        ],
        ignore_conflicts=True,
    )
    return list(Label.objects.filter(folded_name__in=wanted))


def set_labels(*, playlist: Playlist, names: Iterable[str], now: datetime) -> None:
    """Let a playlist carry these labels and no others.

    :raises InputError: a name is not possible.
    """
    with transaction.atomic():
        playlist.labels.set(find_or_create_labels(names, now=now))


def change_labels(
    *,
    playlists: QuerySet[Playlist],
    now: datetime,
    add: Sequence[str] = (),
    remove_ids: Collection[int] = (),
) -> int:
    """Give labels to many playlists and take others from them; count the playlists.

    :raises InputError: a name is not possible, nothing is asked for, or one label is
        to be both given and taken.
    """
    if not add and not remove_ids:
        raise InputError("Say which labels to give or to take.", field="add")
    with transaction.atomic():
        labels = find_or_create_labels(add, now=now)
        if {label.pk for label in labels} & set(remove_ids):
            raise InputError("A label is given or taken, not both.", field="add")
        ids = list(playlists.order_by().values_list("pk", flat=True))
        for start in range(0, len(ids), BATCH):
            _relabel(ids[start : start + BATCH], labels, remove_ids)
    return len(ids)


def _relabel(
    playlist_ids: Sequence[int], labels: Sequence[Label], remove_ids: Collection[int]
) -> None:
    through = Playlist.labels.through
    carried = through.objects.filter(playlist_id__in=playlist_ids)
    carried.filter(label_id__in=remove_ids).delete()
    through.objects.bulk_create(
        [
            through(playlist_id=pk, label_id=label.pk)
            for pk in playlist_ids
            for label in labels
        ],
        ignore_conflicts=True,
        batch_size=BATCH,
    )


def rename_label(*, label: Label, name: str) -> None:
    """Give a label another name; playlists and schedules keep carrying it.

    :raises InputError: the name is not possible, or another label has it.
    """
    label.name = clean_label(name)
    try:
        with transaction.atomic():
            label.save()
    except IntegrityError as error:
        raise InputError(
            f"There is a label “{label.name}” already.", field="name"
        ) from error


def delete_label(*, label: Label) -> None:
    """Delete a label; the playlists that carried it stay."""
    label.delete()


def count_schedules(label: Label) -> int:
    """Return how many schedules reshuffle the playlists that carry a label."""
    return Schedule.objects.filter(arguments__label=label.pk).count()


def labels_with_counts() -> QuerySet[Label]:
    """Return every label with `playlist_count`, the managed playlists that carry it."""
    managed = ~Q(playlists__status=Playlist.Status.REMOVED)
    return Label.objects.annotate(playlist_count=Count("playlists", filter=managed))
