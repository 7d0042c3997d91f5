"""The Celery application: a doorbell, never the ledger."""

import os

from celery import Celery
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vibe_engine.settings")

app = Celery("vibe_engine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**_: object) -> None:
    """Let Django's logging stand; Celery would raise the level of every logger."""
