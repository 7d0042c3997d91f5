"""Blocks: what is kept out of every playlist, and by whom."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST

from library.models import Block
from library.services import blocking
from vibe_engine import clock
from vibe_engine.errors import InputError
from vibe_engine.web import (
    OperatorRequest,
    may_operate,
    operator_required,
    render_page,
    viewer_required,
)

BLOCKS_A_PAGE = 100


class BlockForm(forms.Form):
    """What to block, and why."""

    kind = forms.ChoiceField(label="What", choices=Block.Kind.choices)
    lines = forms.CharField(
        label="Which",
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="One a line: a Spotify link or id, a name that the library knows, "
        "or, for a recording, its ISRC.",
    )
    reason = forms.CharField(label="Why", max_length=200)


@require_http_methods(["GET", "POST"])
@viewer_required
def block_list(request: OperatorRequest) -> HttpResponse:
    """Show what is blocked for every playlist; a POST blocks more."""
    if request.method == "POST":
        return _block(request)
    return _render(request, BlockForm())


@operator_required
def _block(request: OperatorRequest) -> HttpResponse:
    form = BlockForm(request.POST)
    if form.is_valid():
        try:
            count = blocking.add_blocks(
                kind=form.cleaned_data["kind"],
                lines=form.cleaned_data["lines"].splitlines(),
                reason=form.cleaned_data["reason"],
                by=request.user,
                now=clock.now(),
            )
        except InputError as error:
            form.add_error(error.field or None, str(error))
        else:
            words = "1 more is" if count == 1 else f"{count:,} more are"
            messages.success(
                request, f"{words} blocked, from each playlist's next reshuffle on."
            )
            return redirect("library:blocks")
    return _render(request, form, status=422)


@require_POST
@operator_required
def unblock(request: OperatorRequest, pk: int) -> HttpResponse:
    """Take a block away."""
    block = get_object_or_404(Block, pk=pk)
    blocking.remove_block(block=block)
    messages.success(request, f"“{block}” may be drawn again.")
    return redirect("library:blocks")


def _render(
    request: OperatorRequest, form: BlockForm, *, status: int = 200
) -> HttpResponse:
    blocks = Block.objects.select_related("created_by")
    context = {
        "section": "blocks",
        "page": Paginator(blocks, BLOCKS_A_PAGE).get_page(request.GET.get("page")),
        "form": form,
        "can_act": may_operate(request.user),
    }
    fragments = {"blocks": "library/_blocks.html"}
    return render_page(
        request, "library/blocks.html", context, fragments=fragments, status=status
    )
