"""Recognising a database that came out of a backup: it starts with pushes stopped.

Two witnesses, since each misses something. The database says where it lives: the
table's number on PostgreSQL, which a dump that is loaded gets anew; the file's number
on SQLite, which a copy gets anew. And a file in the product's own folder remembers
how many beats the database had counted: a backup has counted fewer. Hosts that share
a database may each have such a file; one that lags behind says nothing.

An old dump would otherwise push old lists, and create again what stands there since.
"""

import json
import logging
import os
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from automation import holds
from automation.models import Installation

logger = logging.getLogger(__name__)

BEAT = timedelta(minutes=1)
REASON = "This database came out of a backup."
MEMORY = "installation.json"


@dataclass(frozen=True)
class Memory:
    """What the file knows of the database that last ran here."""

    identity: str = ""
    beats: int = 0


class Witness:
    """Looks at the database now and then; one to a process."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = (folder or settings.VAR_DIR) / MEMORY
        self._beat_at: datetime | None = None

    def look(self, *, now: datetime) -> bool:
        """Stop all pushes if this database came out of a backup; return whether it did.

        What it sees becomes the new normal, so that pushes stay on once somebody has
        resumed them.
        """
        here, place = _row(), _place()
        came_back = here.place != place or self._is_behind(here)
        if came_back:
            logger.error("%s Pushes are stopped.", REASON)
            with transaction.atomic():
                holds.stop_writing(now=now, reason=REASON)
                Installation.objects.filter(pk=1).update(
                    place=place, identity=uuid.uuid4()
                )
        return came_back

    def beat(self, *, now: datetime) -> None:
        """Count on once a minute, and remember where the count stood before.

        Remembering one beat less forgives a server that loses its last commits in a
        crash, where it is set up so.
        """
        if self._beat_at is not None and timedelta() <= now - self._beat_at < BEAT:
            return
        self._beat_at = now
        here = _row()
        Installation.objects.filter(pk=1).update(beats=F("beats") + 1)
        self._write(Memory(str(here.identity), here.beats))

    def _is_behind(self, here: Installation) -> bool:
        """Whether this database has been further than it is now.

        A database that the file does not know is no sign: it may be a new one, and
        a copied one lives in another place.
        """
        known = self._read()
        return known.identity == str(here.identity) and here.beats < known.beats

    def _read(self) -> Memory:
        try:
            known = json.loads(self._file.read_text(encoding="utf-8"))
            return Memory(str(known["identity"]), int(known["beats"]))
        except (OSError, ValueError, KeyError, TypeError):
            return Memory()

    def _write(self, memory: Memory) -> None:
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps(memory.__dict__), encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            logger.warning("%s cannot be written (%s).", self._file, error)


def _row() -> Installation:
    """Return the database's own row; a new database gets one that fits its place."""
    found = Installation.objects.filter(pk=1).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Installation.objects.create(identity=uuid.uuid4(), place=_place())
    except IntegrityError:
        return Installation.objects.get(pk=1)


def _place() -> str:
    """Return where the database lives; "" where it lives in memory alone."""
    if connection.vendor != "postgresql":
        return _file_place(str(connection.settings_dict["NAME"]))
    table = connection.ops.quote_name(Installation._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::regclass::oid::bigint", [table])
        (number,) = cursor.fetchone() or ("",)
    return f"table {number}"


def _file_place(name: str) -> str:
    details: Any = None
    if not name.startswith("file:"):
        try:
            details = Path(name).stat()
        except OSError:
            details = None
    return f"file {details.st_ino}" if details else ""
