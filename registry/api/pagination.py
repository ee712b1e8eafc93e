"""Lists are read page by page along a key, newest first: the last page costs what the first does."""

from typing import Any

from django.core.exceptions import ValidationError as FieldError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """`?cursor=` from the `next` of the page before; `?limit=` up to 200. A view may name its own `ordering`."""

    ordering = ("-created_at", "-id")
    page_size_query_param = "limit"
    max_page_size = 200
    page_size_query_description = "How many results on a page, 200 at most."

    def get_ordering(self, request: Request, queryset: QuerySet, view: Any) -> tuple[str, ...]:
        """The key of the view's list."""
        return tuple(getattr(view, "ordering", self.ordering))

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any] | None:
        """One page. A cursor that was not made here is the asker's mistake."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (FieldError, NotFound, UnicodeError, ValueError) as error:
            raise ValidationError({"cursor": ["not a cursor of this list"]}) from error
