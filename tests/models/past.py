"""What no verb can do, done by the superuser past the triggers, within the transaction of a test."""

from typing import Any

from django.db import connection

from tests.databases import speaking_as


def past_the_triggers(table: str, statement: str, *values: Any) -> None:
    """Change rows of one table as nobody can; afterwards all of its triggers always fire again."""
    with speaking_as("postgres"), connection.cursor() as cursor:
        cursor.execute("set constraints all immediate")
        cursor.execute(f"alter table {table} disable trigger user")
        cursor.execute(statement, values)
        cursor.execute("set constraints all immediate")
        cursor.execute(
            "select tgname from pg_trigger where tgrelid = %s::regclass and not tgisinternal", [f"assay.{table}"]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"alter table {table} enable always trigger {name}")
        cursor.execute("set constraints all deferred")
