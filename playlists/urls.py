"""Addresses of the app."""

from django.urls import path

from playlists.views import (
    acting,
    creating,
    detail,
    editing,
    foreseeing,
    labelling,
    lists,
    picking,
    ruling,
    stocktaking,
)

app_name = "playlists"

urlpatterns = [
    path("", lists.playlist_list, name="list"),
    path("due/", lists.due_page, name="due"),
    path("pick/", picking.pick, name="pick"),
    path("create/", creating.create, name="create"),
    path("create/forecast/", creating.forecast, name="forecast"),
    path("reshuffle/", acting.reshuffle_many, name="reshuffle_many"),
    path("inventory/", stocktaking.inventory_page, name="inventory"),
    path("inventory/look/", stocktaking.look_now, name="look_now"),
    path("bulk/<slug:action>/", acting.bulk, name="bulk"),
    path("labels/", labelling.label_list, name="labels"),
    path("labels/change/", labelling.label_many, name="label_many"),
    path("labels/<int:pk>/", labelling.label_page, name="label"),
    path("labels/<int:pk>/report/", labelling.label_report, name="label_report"),
    path("labels/<int:pk>/rename/", labelling.rename_label, name="rename_label"),
    path("labels/<int:pk>/delete/", labelling.delete_label, name="delete_label"),
    path("edit/", editing.edit_many, name="edit_many"),
    path("edit/count/", foreseeing.count_edit, name="count_edit_of_many"),
    path("rules/", ruling.edit_rules_of_many, name="edit_rules_of_many"),
    path("rules/count/", foreseeing.count_rules, name="count_rules_of_many"),
    path("rules/preview/", foreseeing.preview_rules, name="preview_rules_of_many"),
    path("rename/<int:account_pk>/", editing.rename_account, name="rename_account"),
    path("tracks/<int:track_pk>/", detail.track_history, name="track_history"),
    path("<int:pk>/", detail.detail, name="detail"),
    path("<int:pk>/why/", detail.why, name="why"),
    path("<int:pk>/why-not/", detail.why_not, name="why_not"),
    path("<int:pk>/snapshots/", detail.snapshots, name="snapshots"),
    path("<int:pk>/snapshots/<int:snapshot_pk>/", detail.snapshot, name="snapshot"),
    path(
        "<int:pk>/snapshots/<int:snapshot_pk>/restore/", acting.restore, name="restore"
    ),
    path("<int:pk>/labels/", labelling.set_labels, name="set_labels"),
    path("<int:pk>/edit/", editing.edit, name="edit"),
    path("<int:pk>/rules/", ruling.edit_rules, name="rules"),
    path("<int:pk>/rules/count/", ruling.count_rules, name="count_rules"),
    path("<int:pk>/rules/preview/", ruling.preview_rules, name="preview_rules"),
    path("<int:pk>/preview/", detail.preview, name="preview"),
    path("<int:pk>/<slug:action>/", acting.act, name="act"),
]
