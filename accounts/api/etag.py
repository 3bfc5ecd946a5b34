"""Nobody overwrites what they have not seen: ETag on answers, If-Match on changes."""

from collections.abc import Mapping
from typing import Any

from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from accounts.errors import Stale


def etag_of(version: int | str) -> str:
    """The ETag of one version of one thing: `"7"`. Strong, since a version number never comes twice."""
    return f'"{version}"'


def check_if_match(request: Request, version: int | str, *, current: Mapping[str, Any] | None = None) -> None:
    """Refuses (412) when If-Match names other versions only. Without the header there is nothing to check."""
    header = request.headers.get("If-Match", "")
    if not header:
        return
    wanted = parse_etags(header)
    # If-Match compares strongly, so a weak tag never matches; a bare 7 is taken for the "7" it was meant to be.
    if "*" in wanted or etag_of(version) in wanted or header.strip() == str(version):
        return
    raise Stale(_("Somebody else changed it meanwhile. Load it again and repeat your change."), current=current)
