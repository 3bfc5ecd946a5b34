"""Writing, judging and sending the reply."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.errors import Refusal, Stale
from accounts.web import desk_view, signed_in
from press.forms import ReplyForm, SentForm, VerdictForm
from press.models import Enquiry, Reply
from press.services import approve_reply, draft_reply, edit_reply, record_sent, reject_reply, submit_reply
from press.views.enquiry import attempt, shown, visible_enquiry, visible_reply
from timeline.now import now as time_now

ANCHOR = "#reply"


@desk_view
@require_POST
def reply_new(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_enquiry(request, pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return shown(request, found, status=422, form=form, place="reply")
    try:
        reply = draft_reply(found, actor=signed_in(request), text=form.cleaned_data["text"], now=time_now())
    except Refusal as refusal:
        form.take(refusal)
        return shown(request, found, status=refusal.status, form=form, place="reply")
    return _submit_if_asked(request, found, reply)


@desk_view
@require_POST
def reply_save(request: HttpRequest, pk: int) -> HttpResponse:
    """Saving comes first and stands, whatever submitting then says: no word is lost to a refusal."""
    reply = visible_reply(request, pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return shown(request, reply.enquiry, status=422, form=form, place="reply")
    data = form.cleaned_data
    try:
        reply = edit_reply(
            reply, actor=signed_in(request), text=data["text"], based_on=data["based_on"], now=time_now()
        )
    except Stale as stale:
        form.take(stale)
        form.put("based_on", stale.current["text_sha256"])
        return shown(
            request, reply.enquiry, status=stale.status, form=form, place="reply", theirs=stale.current["text"]
        )
    except Refusal as refusal:
        form.take(refusal)
        return shown(request, reply.enquiry, status=refusal.status, form=form, place="reply")
    return _submit_if_asked(request, reply.enquiry, reply)


def _submit_if_asked(request: HttpRequest, found: Enquiry, reply: Reply) -> HttpResponse:
    if request.POST.get("do") != "submit":
        messages.success(request, _("Saved as version %(number)d.") % {"number": reply.number})
        return redirect(found.get_absolute_url() + ANCHOR)
    confirmed = bool(request.POST.get("confirmed"))
    try:
        submit_reply(reply, actor=signed_in(request), based_on=reply.text_sha256, confirmed=confirmed, now=time_now())
    except Refusal as refusal:
        saved = ReplyForm(initial={"text": reply.text, "based_on": reply.text_sha256})
        saved.refusal = str(refusal.message)
        fresh = visible_enquiry(request, found.pk)
        return shown(request, fresh, status=refusal.status, form=saved, place="reply", must_confirm=refusal.code)
    messages.success(request, _("Submitted. PR and legal have been told."))
    return redirect(found.get_absolute_url() + ANCHOR)


@desk_view
@require_POST
def reply_verdict(request: HttpRequest, pk: int) -> HttpResponse:
    """Yes or no to exactly the text that was on the reviewer's screen."""
    reply = visible_reply(request, pk)
    is_yes = request.POST.get("do") == "approve"
    actor = signed_in(request)
    return attempt(
        request,
        reply.enquiry,
        VerdictForm(request.POST),
        place="verdict",
        do=lambda data, now: (
            approve_reply(reply, actor=actor, based_on=data["based_on"], now=now)
            if is_yes
            else reject_reply(reply, actor=actor, based_on=data["based_on"], reason=data["reason"], now=now)
        ),
        said=_("Approved.") if is_yes else _("Sent back with your reason."),
        anchor=ANCHOR,
    )


@desk_view
@require_POST
def reply_sent(request: HttpRequest, pk: int) -> HttpResponse:
    reply = visible_reply(request, pk)
    return attempt(
        request,
        reply.enquiry,
        SentForm(request.POST),
        place="sent",
        do=lambda data, now: record_sent(
            reply,
            actor=signed_in(request),
            channel=data["channel"],
            based_on=data["based_on"],
            sent_at=data["sent_at"],
            confirmed=data["confirmed"],
            now=now,
        ),
        said=_("On record: the reply was sent."),
        anchor=ANCHOR,
    )
