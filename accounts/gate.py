from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

M = TypeVar("M", bound=Model)


def get_visible(queryset: QuerySet[M], **lookup: Any) -> M:
    """The only way a view fetches one thing: from a queryset already narrowed to what its reader may see.

    Not there, not visible and not even a possible key are one answer, so that a stranger learns nothing.
    """
    try:
        return get_object_or_404(queryset, **lookup)
    except (ValueError, OverflowError):
        raise Http404 from None
