"""Columns in files, mapped into the memory of every process that draws from them.

A folder holds one version of the library for one day. It is written beside its place
and renamed, so nobody ever opens half of one; the files of a folder that is removed
live on in the processes that have mapped them.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
from django.conf import settings

from library.pool.columns import PoolColumns
from library.pool.indexes import indexes_of

FORMAT = 2
"""Raised whenever the files of a folder change; those of another format are not read."""
FEATURE = "feature-"
INDEX = "index-"
FIGURES = "figures.json"
KEPT = 2
"""Folders that stay: the newest, and one that a process may be about to open."""


def root() -> Path:
    """Return the folder of all versions, made where it is missing."""
    folder = Path(settings.VAR_DIR) / "pools"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


@contextmanager
def one_builder() -> Iterator[None]:
    """Let one process at a time build; the others wait and find it built."""
    with (root() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def open_columns(name: str) -> PoolColumns | None:
    """Map the columns of a name, None where there are none (any more)."""
    folder = root() / name
    try:
        figures = json.loads((folder / FIGURES).read_text(encoding="ascii"))
        columns = {
            file.stem: np.asarray(np.load(file, mmap_mode="r"))
            for file in folder.glob("*.npy")
        }
        return _assemble(columns, figures)
    except (FileNotFoundError, KeyError):
        return None


def _assemble(columns: dict[str, Any], figures: dict[str, int]) -> PoolColumns | None:
    if figures.get("format") != FORMAT:
        return None
    names = [field.name for field in fields(PoolColumns)]
    values = columns | figures
    values |= {"features": _named(FEATURE, columns), "indexes": _named(INDEX, columns)}
    return PoolColumns(**{name: values[name] for name in names})


def _named(prefix: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix(prefix): column
        for name, column in columns.items()
        if name.startswith(prefix)
    }


def store_columns(name: str, columns: PoolColumns) -> None:
    """Write columns under a name in one step, and remove older ones.

    A folder of that name that is there already gives way: it is not of this release of
    the product, which has other columns.
    """
    draft = Path(mkdtemp(prefix=".draft-", dir=root()))
    try:
        _write(draft, columns)
        if (root() / name).exists():
            os.rename(root() / name, mkdtemp(prefix=".draft-", dir=root()))
        os.rename(draft, root() / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _remove_older(name)


def _write(folder: Path, columns: PoolColumns) -> None:
    figures = {"format": FORMAT}
    for field in fields(columns):
        value = getattr(columns, field.name)
        if isinstance(value, np.ndarray):
            np.save(folder / f"{field.name}.npy", value)
        elif isinstance(value, int):
            figures[field.name] = value
    for name, column in columns.features.items():
        np.save(folder / f"{FEATURE}{name}.npy", column)
    for name, index in indexes_of(columns).items():
        np.save(folder / f"{INDEX}{name}.npy", index)
    (folder / FIGURES).write_text(json.dumps(figures), encoding="ascii")


def _remove_older(name: str) -> None:
    """Remove all but the newest folders; the caller is the only builder."""
    folders = [path for path in root().iterdir() if path.is_dir() and path.name != name]
    folders.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    drafts = [path for path in folders if path.name.startswith(".")]
    finished = [path for path in folders if path not in drafts]
    for path in drafts + finished[KEPT - 1 :]:
        shutil.rmtree(path, ignore_errors=True)
