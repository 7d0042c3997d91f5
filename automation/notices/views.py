"""Pages of the notifications: what is told, to whom, and how that went. For staff."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from automation.models import Channel, Delivery, Notice
from automation.notices import channels, sending
from automation.notices.forms import ChannelForm, form_for
from automation.once import once_per_form
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import OperatorRequest, render_page, staff_required

MOST = 30


@require_GET
@staff_required
def overview(request: OperatorRequest) -> HttpResponse:
    """Show the channels, what stands, and the last messages."""
    deliveries = Delivery.objects.select_related("channel", "run")
    context = {
        "channels": Channel.objects.all(),
        "standing": Notice.objects.standing().order_by("-opened_at")[:MOST],
        "deliveries": deliveries.prefetch_related("notices")[:MOST],
        "may_send_mail": sending.may_send_mail(),
        "sender": settings.DEFAULT_FROM_EMAIL,
        "hosts": settings.NOTIFY_ALLOWED_HOSTS,
    }
    return render(request, "automation/notices.html", context)


@require_http_methods(["GET", "POST"])
@staff_required
def create(request: OperatorRequest, kind: str) -> HttpResponse:
    """Add a channel."""
    if kind not in Channel.Kind.values:
        raise Http404
    return _edit(request, kind, None)


@require_http_methods(["GET", "POST"])
@staff_required
def edit(request: OperatorRequest, pk: int) -> HttpResponse:
    """Change a channel."""
    channel = get_object_or_404(Channel, pk=pk)
    return _edit(request, channel.kind, channel)


def _edit(request: OperatorRequest, kind: str, channel: Channel | None) -> HttpResponse:
    form = form_for(kind, channel, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and _save(request, kind, channel, form):
        return redirect("automation:notices")
    context = {
        "form": form,
        "channel": channel,
        "kind": kind,
        "may_send_mail": sending.may_send_mail(),
        "hosts": settings.NOTIFY_ALLOWED_HOSTS,
    }
    status = 422 if form.is_bound else 200
    return render(request, "automation/channel.html", context, status=status)


def _save(
    request: OperatorRequest, kind: str, channel: Channel | None, form: ChannelForm
) -> bool:
    try:
        saved = channels.save_channel(
            channel=channel,
            kind=kind,
            wish=form.wish(),
            now=clock.now(),
            by=request.user,
        )
    except InputError as error:
        form.add_error(error.field, str(error))
        return False
    messages.success(request, f"“{saved.name}” is saved. Send a test to try it out.")
    return True


@require_POST
@staff_required
def toggle(request: OperatorRequest, pk: int) -> HttpResponse:
    """Switch a channel on or off."""
    channel = get_object_or_404(Channel, pk=pk)
    word = "on" if channels.toggle_channel(channel=channel) else "off"
    messages.success(request, f"“{channel.name}” is switched {word}.")
    return redirect("automation:notices")


@require_POST
@staff_required
@once_per_form
def test(request: OperatorRequest, pk: int) -> HttpResponse:
    """Send a test message, and lead to its run."""
    channel = get_object_or_404(Channel, pk=pk)
    run = channels.open_test(channel=channel, now=clock.now(), by=request.user)
    messages.success(request, f"A test goes out to “{channel.name}”.")
    return redirect(run)


@require_http_methods(["GET", "POST"])
@staff_required
def delete(request: OperatorRequest, pk: int) -> HttpResponse:
    """Ask, then delete a channel with its messages."""
    channel = get_object_or_404(Channel, pk=pk)
    if request.method == "POST":
        channel.delete()
        messages.success(request, f"“{channel.name}” is deleted.")
        return redirect("automation:notices")
    context = {
        "title": f"Delete “{channel.name}”?",
        "text": "Nobody is told through it any more, and its messages are forgotten.",
        "facts": [("Goes to", channel.address), ("Is told of", channel.topic_words)],
        "action": reverse("automation:delete_channel", args=[pk]),
        "label": "Delete",
        "icon": "trash",
        "back": reverse("automation:notices"),
        "danger": True,
    }
    return render_page(
        request, "confirm.html", context, fragments={"dialog-body": "_confirm.html"}
    )
