"""Labels: the groups of playlists, and which playlist carries which."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from playlists import selection
from playlists.forms import BulkLabelForm, LabelForm, LabelsForm, add_error
from playlists.models import Label, Playlist
from playlists.services import grouping, labelling
from playlists.views.choosing import selection_required
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)


@require_GET
@viewer_required
def label_list(request: OperatorRequest) -> HttpResponse:
    """Show every label with how many playlists carry it."""
    context = {"labels": labelling.labels_with_counts()}
    return render(request, "playlists/labels.html", context)


@require_GET
@viewer_required
def label_page(request: OperatorRequest, pk: int) -> HttpResponse:
    """Show a group: how it stands, and what can be done with all of it."""
    label, now = get_object_or_404(Label, pk=pk), clock.now()
    context = {
        "label": label,
        "group": grouping.state_of_group(label=label, now=now),
        "can_act": may_operate(request.user),
    }
    return render(request, "playlists/label.html", context)


@require_GET
@viewer_required
def label_report(request: OperatorRequest, pk: int) -> HttpResponse:
    """Say what a group's lists hold and how its last reshuffles went."""
    label = get_object_or_404(Label, pk=pk)
    report = grouping.report_on_group(label=label, now=clock.now())
    return render_page(
        request,
        "playlists/label_report.html",
        {"label": label, "report": report},
        fragments={"report": "playlists/_label_report.html"},
    )


@require_http_methods(["GET", "POST"])
@operator_required
def rename_label(request: OperatorRequest, pk: int) -> HttpResponse:
    """Give a label another name."""
    label = get_object_or_404(Label, pk=pk)
    form = LabelForm(request.POST or None, initial={"name": label.name})
    if not form.is_bound:
        return _show_rename(request, label, form)
    if form.is_valid():
        name = form.cleaned_data["name"]
        try:
            labelling.rename_label(label=label, name=name)
        except InputError as error:
            form.add_error("name", str(error))
            label.refresh_from_db()
        else:
            messages.success(request, f"It is “{label}” now.")
            return redirect(label)
    return _show_rename(request, label, form, status=422)


def _show_rename(
    request: OperatorRequest, label: Label, form: LabelForm, *, status: int = 200
) -> HttpResponse:
    context = {"label": label, "form": form}
    return render(request, "playlists/label_edit.html", context, status=status)


@require_http_methods(["GET", "POST"])
@operator_required
def delete_label(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask whether a label shall go, and delete it."""
    label = get_object_or_404(Label, pk=pk)
    if request.method == "POST":
        labelling.delete_label(label=label)
        messages.success(
            request, f"“{label}” is deleted; its playlists are still here."
        )
        return redirect("playlists:labels")
    context = {
        "title": f"Delete the label “{label}”?",
        "text": "Its playlists stay as they are and only lose this label. Schedules of "
        "this group fail from then on: edit or delete them.",
        "facts": [
            ("Playlists that carry it", grouping.playlists_of(label).count()),
            ("Schedules of this group", labelling.count_schedules(label)),
        ],
        "action": request.path,
        "label": "Delete the label",
        "icon": "trash",
        "danger": True,
        "back": label.get_absolute_url(),
    }
    fragments = {"dialog-body": "_confirm.html"}
    return render_page(request, "confirm.html", context, fragments=fragments)


@require_POST
@operator_required
def set_labels(request: OperatorRequest, pk: int) -> HttpResponse:
    """Let a playlist carry the labels that a line names, and no others."""
    playlist = get_object_or_404(Playlist.objects.managed(), pk=pk)
    form = LabelsForm(request.POST)
    if not form.is_valid():
        context = {"playlist": playlist, "form": form}
        return render(request, "playlists/labels_of.html", context, status=422)
    names = form.cleaned_data["labels"]
    labelling.set_labels(playlist=playlist, names=names, now=clock.now())
    messages.success(request, "Saved.")
    return redirect(playlist)


@require_POST
@operator_required
@selection_required
def label_many(request: OperatorRequest, playlists: QuerySet[Playlist]) -> HttpResponse:
    """Give labels to a selection of playlists, or take some from them."""
    form, status = BulkLabelForm(), 200
    if "save" in request.POST:
        form, status = BulkLabelForm(request.POST), 422
        if form.is_valid():
            try:
                count = labelling.change_labels(
                    playlists=playlists, now=clock.now(), **form.wishes()
                )
            except InputError as error:
                add_error(form, error.field, str(error))
            else:
                noun = "playlist is" if count == 1 else "playlists are"
                messages.success(request, f"{count:,} {noun} labelled.")
                return redirect("playlists:list")
    context = {
        "form": form,
        "count": playlists.count(),
        "fields": selection.as_fields(request.POST),
    }
    return render(request, "playlists/label_many.html", context, status=status)
