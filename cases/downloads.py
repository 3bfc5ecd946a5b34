"""The one way a file leaves: through the gate of its case, as a download, never as something a browser would open."""

from typing import cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.gate import get_visible
from accounts.models import User
from accounts.web import desk_view, signed_in
from cases.models import Attachment, Case

# A page that opens one of these anyway may load and run nothing.
SEALED = "default-src 'none'; sandbox"


@desk_view
@require_safe
def attachment(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    return cast(HttpResponse, file_response(signed_in(request), number, pk))


def file_response(user: User, number: str, pk: int) -> FileResponse:
    case = get_visible(Case.objects.visible_to(user).only("pk", "state"), number=number)
    found = get_visible(Attachment.objects.filter(case_id=case.pk), pk=pk)
    response = FileResponse(
        found.file.open("rb"), as_attachment=True, filename=found.name, content_type=found.media_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = SEALED
    response["Cache-Control"] = "private, no-store"
    return response
