"""The Celery application: a doorbell, never the ledger."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vibe_engine.settings")

app = Celery("vibe_engine")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
