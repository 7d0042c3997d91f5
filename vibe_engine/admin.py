"""What the admin leaves out: tables of failed sign-ins that stay empty here."""

import axes.admin  # noqa: F401  (registers what is taken out below)
from axes.models import AccessFailureLog, AccessLog
from django.contrib import admin

admin.site.unregister([AccessLog, AccessFailureLog])
