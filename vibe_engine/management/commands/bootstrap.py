"""`manage.py bootstrap`: what must be there before the first sign-in."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import transaction

GROUPS = ("viewers", "operators")
OTHERS = ("ensure_apps", "ensure_schedules")
"""Commands of the apps that create their own first rows."""


class Command(BaseCommand):
    """Create groups, the person of the settings, apps and schedules; repeatable."""

    help = "Create groups, the first person, Spotify apps and default schedules."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing; the password follows the settings."""
        ensure_groups()
        if ensure_person():
            self.stdout.write(sign_in_words())
        for name in OTHERS:
            if name in get_commands():
                call_command(name, stdout=self.stdout, verbosity=options["verbosity"])


def sign_in_words() -> str:
    """Say where and how to sign in; only a demo tells its password."""
    words = f"Sign in at {settings.PUBLIC_BASE_URL}/ as {settings.DASHBOARD_USERNAME}"
    return f"{words}, {settings.DASHBOARD_PASSWORD}" if settings.DEMO else words


def ensure_groups() -> None:
    """Create the groups that the roles stand on."""
    for name in GROUPS:
        Group.objects.get_or_create(name=name)


@transaction.atomic
def ensure_person() -> bool:
    """Let the person of DASHBOARD_USERNAME sign in with DASHBOARD_PASSWORD.

    A new person is an operator and may enter the admin; of a person who exists
    only the password is brought up to date. Returns whether there is one.
    """
    if not (settings.DASHBOARD_USERNAME and settings.DASHBOARD_PASSWORD):
        return False
    person, is_new = User.objects.get_or_create(
        username=settings.DASHBOARD_USERNAME,
        defaults={"is_staff": True, "is_superuser": True},
    )
    if is_new:
        person.groups.add(Group.objects.get(name="operators"))
    if not person.check_password(settings.DASHBOARD_PASSWORD):
        person.set_password(settings.DASHBOARD_PASSWORD)
        person.save(update_fields=["password"])
    return True
