"""Addresses of the engine room."""

from django.urls import path

from automation.notices import views as notices
from automation.views import planning, retention, runs, schedules, settings, switches

app_name = "automation"

urlpatterns = [
    path("automation/", runs.overview, name="list"),
    path("automation/drawer/", runs.drawer, name="drawer"),
    path("automation/retention/", retention.retention, name="retention"),
    path("automation/runs/<int:pk>/", runs.run, name="run"),
    path("automation/runs/<int:pk>/cancel/", runs.cancel, name="cancel_run"),
    path("automation/runs/<int:pk>/go-on/", runs.go_on, name="go_on"),
    path("automation/runs/<int:pk>/retry/", runs.retry, name="retry_run"),
    path("automation/schedules/add/", planning.add_schedule, name="add_schedule"),
    path(
        "automation/schedules/<int:pk>/edit/",
        planning.edit_schedule,
        name="edit_schedule",
    ),
    path(
        "automation/schedules/<int:pk>/delete/",
        planning.delete_schedule,
        name="delete_schedule",
    ),
    path(
        "automation/schedules/<int:pk>/resume/",
        planning.resume_schedule,
        name="resume_schedule",
    ),
    path(
        "automation/schedules/<int:pk>/run/",
        schedules.run_schedule,
        name="run_schedule",
    ),
    path(
        "automation/schedules/<int:pk>/toggle/",
        schedules.toggle_schedule,
        name="toggle_schedule",
    ),
    path("automation/writing/", switches.writing, name="writing"),
    *(
        path(f"automation/writing/{one.path}/", switches.turn, {"switch": one}, name)
        for name, one in switches.SWITCHES.items()
    ),
    path("automation/notices/", notices.overview, name="notices"),
    path("automation/notices/new/<slug:kind>/", notices.create, name="create_channel"),
    path("automation/notices/<int:pk>/", notices.edit, name="edit_channel"),
    path("automation/notices/<int:pk>/delete/", notices.delete, name="delete_channel"),
    path("automation/notices/<int:pk>/test/", notices.test, name="test_channel"),
    path("automation/notices/<int:pk>/toggle/", notices.toggle, name="toggle_channel"),
    path("settings/", settings.settings_page, name="settings"),
    path(
        "settings/<slug:key>/restore/", settings.restore_setting, name="restore_setting"
    ),
]
