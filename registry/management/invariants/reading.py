"""Rows as dictionaries, in plain SQL: the checks share no code with what they check."""

from typing import Any

from django.db import connection

Row = dict[str, Any]


def rows(statement: str, *values: Any, **named: Any) -> list[Row]:
    """What a SELECT answers, with its parameters in their order or by name."""
    with connection.cursor() as cursor:
        cursor.execute(statement, named or values or None)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
