"""Settings read with where they come from, and changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import environ
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from automation import registry
from automation.models import Setting
from automation.runtime.specs import BY_KEY, SPECS, Spec
from automation.runtime.values import RuntimeSettings, Value
from vibe_engine.errors import InputError


@dataclass(frozen=True)
class InForce:
    """One setting as the page shows it."""

    spec: Spec
    value: Value
    source: str
    environment_value: Value | None
    stored_value: Value | None
    problem: str = ""

    @property
    def origins(self) -> tuple[tuple[str, str, str], ...]:
        """The three places a value can come from: source, its name, value in words."""
        return (
            ("default", "Default", _in_words(self.spec, self.spec.default)),
            (
                "environment",
                "Environment",
                _in_words(self.spec, self.environment_value),
            ),
            ("table", "Set here", _in_words(self.spec, self.stored_value)),
        )


def _in_words(spec: Spec, value: Value | None) -> str:
    if value is None:
        return "not set"
    if spec.options:
        chosen = value if isinstance(value, tuple) else (value,)
        return ", ".join(dict(spec.options)[str(one)] for one in chosen) or "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return f"{len(value)} sentences"
    return f"{value:,}" if isinstance(value, int) else value


def load() -> RuntimeSettings:
    """Return the settings in force, with one query.

    A stored or environment value that is no longer possible counts as not given.
    """
    return RuntimeSettings(**{one.spec.key: one.value for one in describe()})  # type: ignore[arg-type]


def describe() -> list[InForce]:
    """Return every setting with its value, where it comes from and what else is set."""
    stored = dict(Setting.objects.values_list("key", "value"))
    return [_in_force(spec, stored) for spec in SPECS]


def _in_force(spec: Spec, stored: Mapping[str, Any]) -> InForce:
    here, trouble_here = _try(spec, stored.get(spec.key))
    around, trouble_around = _try(spec, _from_environment(spec))
    if here is not None:
        value, source = here, "table"
    elif around is not None:
        value, source = around, "environment"
    else:
        value, source = spec.default, "default"
    return InForce(spec, value, source, around, here, trouble_here or trouble_around)


def _from_environment(spec: Spec) -> str | None:
    text: str = environ.Env().str(spec.environment, default="")
    if spec.input_type in ("lines", "choices"):
        text = text.replace("|", "\n")
    return text or None


def _try(spec: Spec, raw: Any) -> tuple[Value | None, str]:
    if raw is None:
        return None, ""
    try:
        return spec.parse(raw), ""
    except InputError as error:
        return None, str(error)


def parse_changes(raw: Mapping[str, Any]) -> tuple[dict[str, Value], dict[str, str]]:
    """Return the values that can be used and, for the others, why not, by key."""
    values: dict[str, Value] = {}
    problems: dict[str, str] = {}
    for key, text in raw.items():
        try:
            values[key] = BY_KEY[key].parse(text)
        except KeyError:
            problems[key] = "There is no such setting."
        except InputError as error:
            problems[key] = str(error)
    return values, problems


def save_settings(
    *, changes: Mapping[str, Any], by: AbstractBaseUser | None, now: datetime
) -> set[str]:
    """Store changed settings, all or none; return the keys that really changed.

    A value equal to the one in force is not stored, so that the environment keeps
    its say.

    :raises InputError: a value is not possible; `field` names the setting.
    """
    with transaction.atomic():
        before = {one.spec.key: one.value for one in describe()}
        values, problems = parse_changes(changes)
        for key, problem in problems.items():
            raise InputError(problem, field=key)
        changed = {key: v for key, v in values.items() if before[key] != v}
        for key, value in changed.items():
            Setting.objects.update_or_create(
                key=key,
                defaults={
                    "value": list(value) if isinstance(value, tuple) else value,
                    "updated_at": now,
                    "updated_by_id": by.pk if by else None,
                },
            )
        if changed:
            registry.emit("settings.changed", keys=set(changed), now=now)
    return set(changed)


def restore_default(*, key: str, now: datetime) -> None:
    """Take back what was set here, so that environment or default count again.

    :raises InputError: there is no such setting.
    """
    if key not in BY_KEY:
        raise InputError("There is no such setting.", field=key)
    with transaction.atomic():
        deleted, _ = Setting.objects.filter(key=key).delete()
        if deleted:
            registry.emit("settings.changed", keys={key}, now=now)
