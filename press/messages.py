"""What people are told by the press room, in the words of each reader's language."""

from django.utils.translation import gettext_lazy as _

from notifications import messages

messages.register(
    "enquiry.risk",
    title=_("Media are asking: %(outlet)s about %(number)s"),
    body=_(
        "%(outlet)s is asking about %(number)s. Their deadline: %(deadline_at)s. "
        "Open the enquiry to see which media ask and what the customer complains of."
    ),
)
messages.register(
    "reply.review",
    title=_("Review the reply to %(outlet)s, version %(version)s"),
    body=_("The reply to %(outlet)s about %(number)s waits for PR and legal. You approve exactly the words you read."),
)
messages.register(
    "reply.approved",
    title=_("Approved: the reply to %(outlet)s, version %(version)s"),
    body=_("PR and legal have approved the wording for %(number)s. Send it in writing and record it."),
)
messages.register(
    "reply.rejected",
    title=_("Sent back: the reply to %(outlet)s, version %(version)s"),
    body=_("The reviewer's reason is on the page of the enquiry about %(number)s. Write a new version."),
)
