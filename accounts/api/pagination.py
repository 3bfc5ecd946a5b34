from rest_framework.pagination import CursorPagination


class NewestFirst(CursorPagination):
    """Cursor pages: they neither repeat nor skip a row while rows arrive, and the thousandth costs as the first."""

    ordering = "-pk"
    page_size_query_param = "page_size"
    max_page_size = 100
