"""Developers and apps as the environment names them."""

from dataclasses import dataclass, field

from django.db import transaction

from accounts.models import App, Developer
from vibe_engine.crypto import DecryptError

SEALED_FIELDS = (
    "client_secret_encrypted",
    "refresh_halted_until",
    "refresh_halt_cause",
)


@dataclass(frozen=True)
class AppSpec:
    """An app as configured, with what its rows begin with.

    `limits` are columns of the developer: requests a second, calls a day.
    """

    client_id: str
    client_secret: str = field(repr=False)
    name: str
    developer: str
    mode: str = App.Mode.DEVELOPMENT
    seats: int = 5
    limits: dict[str, float] = field(default_factory=dict)


def ensure_app(spec: AppSpec) -> App:
    """Return the app of this client id, created with its developer if it is new.

    An app that stands keeps what staff have edited; only a changed secret is
    stored anew.
    """
    with transaction.atomic():
        app = App.objects.filter(client_id=spec.client_id).first()
        if app is None:
            return _create_app(spec)
        if _secret_of(app) != spec.client_secret:
            app.seal_client_secret(spec.client_secret)
            app.save(update_fields=SEALED_FIELDS)
        return app


def _create_app(spec: AppSpec) -> App:
    developer, _ = Developer.objects.get_or_create(
        name=spec.developer, defaults=spec.limits
    )
    app = App(
        developer=developer,
        name=spec.name,
        client_id=spec.client_id,
        mode=spec.mode,
        seats=spec.seats,
    )
    app.seal_client_secret(spec.client_secret)
    app.save()
    return app


def _secret_of(app: App) -> str | None:
    try:
        return app.client_secret
    except DecryptError:
        return None
