"""Keyset pages: the next page starts after the last row, however many came before it."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest

SIZE = 30
LONGEST = 200


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some rows, and the addresses of the pages before and after; an address is empty where there is nothing."""

    rows: Sequence[Any]
    newer: str
    older: str


def keyset_page(
    request: HttpRequest, rows: QuerySet[Any], *, by: Sequence[str], descending: bool = False, size: int = SIZE
) -> Page:
    """The page that `?after=` or `?before=` names; a strange cursor is the first page. `by` is unique together."""
    backward = "before" in request.GET
    edge = _read(request.GET.get("before" if backward else "after", ""), rows, by)
    down = descending != (backward and edge is not None)
    ordered = rows.order_by(*(f"-{name}" if down else name for name in by))
    if edge is not None:
        ordered = ordered.filter(_beyond(by, edge, down=down))
    found = list(ordered[: size + 1])
    more, found = len(found) > size, found[:size]
    if backward and edge is not None:
        found.reverse()
        return _page(request, found, by, has_newer=more, has_older=True)
    return _page(request, found, by, has_newer=edge is not None, has_older=more)


def _page(request: HttpRequest, rows: Sequence[Any], by: Sequence[str], *, has_newer: bool, has_older: bool) -> Page:
    return Page(
        rows=rows,
        newer=_address(request, before=_write(rows[0], by)) if rows and has_newer else "",
        older=_address(request, after=_write(rows[-1], by)) if rows and has_older else "",
    )


def _beyond(by: Sequence[str], edge: Sequence[Any], *, down: bool) -> Q:
    """Rows whose columns, compared in order, come after the edge."""
    beyond, same = Q(), Q()
    for name, value in zip(by, edge, strict=True):
        beyond |= same & Q(**{f"{name}__{'lt' if down else 'gt'}": value})
        same &= Q(**{name: value})
    return beyond


def _write(row: Any, by: Sequence[str]) -> str:
    values = [str(getattr(row, name)) for name in by]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(cursor: str, rows: QuerySet[Any], by: Sequence[str]) -> list[Any] | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        fields = [rows.model._meta.get_field(name) for name in by]
        return [_column(field, value) for field, value in zip(fields, values, strict=True)]
    except (ValueError, TypeError, binascii.Error, ValidationError):
        return None


def _column(field: Any, value: Any) -> Any:
    if not isinstance(value, str) or "\x00" in value or len(value) > LONGEST:
        raise ValueError(value)
    return field.to_python(value)


def asked(request: HttpRequest, name: str) -> str:
    """A search word or filter of the address, as text that the database can look for."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:LONGEST]


def _address(request: HttpRequest, **cursor: str) -> str:
    query = request.GET.copy()
    for name in ("after", "before"):
        query.pop(name, None)
    for name, value in cursor.items():
        query[name] = value
    return f"?{query.urlencode()}"
