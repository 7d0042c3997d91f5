"""When staff's own schedules run: what they type, and what is stored of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from automation import cadence, slots
from automation.models import Schedule
from automation.schedules import CRONTAB_PARTS, LOOKBACK
from vibe_engine.errors import VibeError
from vibe_engine.forms import LongSelect, zone_names

WEEKLY, EVERY, CRONTAB = "weekly", "every", "crontab"
FIELDS = {WEEKLY: "at", EVERY: "every", CRONTAB: "crontab"}
"""Ways of saying when, and the field that each of them needs."""
UNITS = (("minutes", "minutes"), ("hours", "hours"), ("days", "days"))
LONGEST = timedelta(days=366)
SHORTEST = timedelta(minutes=1)
MONDAY_FIRST = (1, 2, 3, 4, 5, 6, 0)
MOST_GRACE_H = LOOKBACK // timedelta(hours=1)
_CLOCK = re.compile(r"\d{1,2}")


@dataclass(frozen=True)
class Timing:
    """Either `every` so many of a `period`, or a crontab of five fields in a zone."""

    every: int = 0
    period: str = ""
    crontab: Sequence[str] = ()
    zone: str = "UTC"

    def as_task(self) -> PeriodicTask:
        """Return an unsaved task that runs at these times."""
        if self.every:
            interval = IntervalSchedule(every=self.every, period=self.period)
            return PeriodicTask(interval=interval)
        return PeriodicTask(crontab=CrontabSchedule(**self._fields()))

    def stored(self) -> dict[str, object]:
        """Return both columns of a task that say when, the rows made if missing.

        Rows are shared between schedules and never changed.
        """
        if self.every:
            found = IntervalSchedule.objects.filter(
                every=self.every, period=self.period
            ).first()
            made = found or IntervalSchedule.objects.create(
                every=self.every, period=self.period
            )
            return {"interval": made, "crontab": None}
        row = CrontabSchedule.objects.filter(**self._fields()).first()
        row = row or CrontabSchedule.objects.create(**self._fields())
        return {"interval": None, "crontab": row}

    def _fields(self) -> dict[str, str]:
        return dict(zip(CRONTAB_PARTS, self.crontab, strict=True)) | {
            "timezone": self.zone
        }


class TimingForm(forms.Form):
    """Name, times and policy of a schedule of staff's own.

    Each way of saying when has a field of its own; those of the others do not count.
    """

    use_required_attribute = False

    name = forms.CharField(max_length=200)
    how = forms.ChoiceField(
        label="When",
        choices=(
            (WEEKLY, "At a time of day"),
            (EVERY, "Every so often"),
            (CRONTAB, "By a crontab"),
        ),
        initial=WEEKLY,
        widget=forms.RadioSelect,
    )
    weekdays = forms.TypedMultipleChoiceField(
        choices=[(number, cadence.WEEKDAYS[number]) for number in MONDAY_FIRST],
        coerce=int,
        required=False,
        label="On",
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: every day.",
    )
    at = forms.TimeField(
        label="At",
        initial="06:00",
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    every = forms.IntegerField(
        min_value=1,
        max_value=100_000,
        label="Every",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(choices=UNITS, initial="hours", label="Unit")
    crontab = forms.CharField(
        max_length=200,
        label="Crontab",
        help_text="Minute, hour, day of the month, month, day of the week; "
        "“0 6 * * 1” is Mondays at 06:00.",
    )
    zone = forms.ChoiceField(label="In the time of", widget=LongSelect)
    policy = forms.ChoiceField(
        label="If a time is missed",
        choices=Schedule.Policy.choices,
        initial=Schedule.Policy.ONCE,
        widget=forms.RadioSelect,
    )
    grace_h = forms.IntegerField(
        label="Grace time",
        min_value=1,
        max_value=MOST_GRACE_H,
        initial=6,
        help_text=f"Hours for which a missed time is made up for, 1 to {MOST_GRACE_H}.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, taken: Sequence[str] = (), **kwargs: Any) -> None:
        """`taken` names zones that are offered besides those named after a place."""
        super().__init__(*args, **kwargs)
        zone = cast("forms.ChoiceField", self.fields["zone"])
        offered = dict.fromkeys([*zone_names(), *taken])
        zone.choices = [(name, name.replace("_", " ")) for name in offered]

    def clean(self) -> dict[str, Any]:
        """Want what belongs to the chosen way of saying when."""
        data: dict[str, Any] = super().clean() or {}
        chosen = FIELDS.get(data.get("how", ""))
        for other in FIELDS.values():
            if other != chosen:
                self.errors.pop(other, None)
        if chosen is not None and chosen not in self.errors:
            self._check_timing(chosen)
        return data

    def _check_timing(self, field: str) -> None:
        """Refuse what cannot be read, and what would never or always run."""
        if self.errors.keys() & {"unit", "zone", "weekdays"}:
            return
        if field == "every":
            data = self.cleaned_data
            every = timedelta(**{data["unit"]: data["every"]})
            if not SHORTEST <= every <= LONGEST:
                self.add_error(field, "At least a minute and at most a year.")
        elif field == "crontab":
            self._check_crontab()

    def _check_crontab(self) -> None:
        if len(self.cleaned_data["crontab"].split()) != len(CRONTAB_PARTS):
            self.add_error("crontab", "Five fields with spaces between are wanted.")
            return
        row = self.timing().as_task().crontab
        try:
            row.clean_fields(exclude=["timezone"])
            slots.Crontab.of(row)
        except (forms.ValidationError, VibeError):
            self.add_error(
                "crontab", "It cannot be read. “0 6 * * 1” is Mondays at 06:00."
            )

    def timing(self) -> Timing:
        """Return when, once the form is valid."""
        data = self.cleaned_data
        if data["how"] == EVERY:
            return Timing(every=data["every"], period=data["unit"])
        if data["how"] == CRONTAB:
            return Timing(crontab=data["crontab"].split(), zone=data["zone"])
        days = ",".join(str(number) for number in sorted(data["weekdays"])) or "*"
        at = data["at"]
        fields = (str(at.minute), str(at.hour), "*", "*", days)
        return Timing(crontab=fields, zone=data["zone"])


def initial_of(schedule: Schedule) -> dict[str, object]:
    """Return what the form shows of a schedule that stands."""
    task = schedule.task
    grace_h = max(1, min(MOST_GRACE_H, round(schedule.grace_s / 3600)))
    common = {"name": task.name, "policy": schedule.policy, "grace_h": grace_h}
    if task.interval is not None:
        return common | _interval_initial(task.interval)
    row = task.crontab
    if row is None:
        return common
    whole = " ".join(str(getattr(row, part)) for part in CRONTAB_PARTS)
    found = common | {"zone": str(row.timezone), "crontab": whole}
    days = [] if row.day_of_week == "*" else row.day_of_week.split(",")
    is_plain = (row.day_of_month, row.month_of_year) == ("*", "*") and all(
        _CLOCK.fullmatch(part) for part in (row.minute, row.hour, *days)
    )
    if not is_plain:
        return found | {"how": CRONTAB}
    at = f"{int(row.hour):02}:{int(row.minute):02}"
    return found | {"how": WEEKLY, "at": at, "weekdays": [int(d) % 7 for d in days]}


def _interval_initial(interval: IntervalSchedule) -> dict[str, object]:
    """Return an interval in the largest unit that fits."""
    every = timedelta(**{interval.period: interval.every})
    for unit in ("days", "hours", "minutes"):
        count, rest = divmod(every, timedelta(**{unit: 1}))
        if count and not rest:
            return {"how": EVERY, "every": count, "unit": unit}
    return {"how": EVERY, "every": 1, "unit": "minutes"}


@dataclass(frozen=True)
class Preview:
    """How often, the next times, and what the clocks will do to them."""

    words: str
    next_slots: Sequence[datetime]
    remarks: Sequence[str]
