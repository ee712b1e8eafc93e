"""Rows put into the tables by hand, past the triggers: the only way to reach every state, impossible ones included."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

BLANK = {
    "text": "",
    "character varying": "",
    "integer": 0,
    "smallint": 0,
    "bigint": 0,
    "boolean": False,
    "double precision": 0.95,
    "uuid": uuid.UUID(int=0),
}
FIRST_ID = 1_000_000
Row = dict[str, Any]
TRIGGERS = """select distinct t.tgrelid::regclass::text from pg_trigger t join pg_class c on c.oid = t.tgrelid
               where c.relnamespace = 'assay'::regnamespace and not t.tgisinternal"""


@contextmanager
def triggers_off(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """No trigger of ours fires within; afterwards all of them always do. One transaction, as superuser."""
    with connection.transaction():
        tables = [row[0] for row in connection.execute(TRIGGERS).fetchall()]
        for table in tables:
            connection.execute(f"alter table {table} disable trigger user")
        yield
        connection.execute("set constraints all immediate")
        for table, name in connection.execute(
            """select t.tgrelid::regclass::text, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid
                where c.relnamespace = 'assay'::regnamespace and not t.tgisinternal"""
        ).fetchall():
            connection.execute(f"alter table {table} enable always trigger {name}")


class Rows:
    """Rows by table, with ids of their own; columns that must not be null and were not named get a blank."""

    def __init__(self, after: int = FIRST_ID) -> None:
        self.by_table: dict[str, list[Row]] = {}
        self.last_id = after

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def take(self, other: "Rows") -> None:
        """Everything that another one has."""
        for table, rows in other.by_table.items():
            self.by_table.setdefault(table, []).extend(rows)
        other.by_table = {}

    def add(self, table: str, **columns: Any) -> Row:
        """A row that may still be changed until it is inserted. Its id is a number unless one is given."""
        row = {"id": columns.pop("id", None) or self.next_id(), **columns}
        self.by_table.setdefault(table, []).append(row)
        return row

    def with_uuid(self, table: str, **columns: Any) -> Row:
        """The same with a UUID for its id, which rises with time as the numbers do."""
        return self.add(table, id=uuid.UUID(int=(self.next_id() << 64) | uuid.uuid4().int >> 64), **columns)

    def once(self, table: str, **columns: Any) -> None:
        """Add a row unless there is one with the same columns."""
        if not any(columns.items() <= row.items() for row in self.by_table.get(table, ())):
            self.add(table, **columns)

    def drop(self, table: str, row: Row) -> None:
        """Leave a row out, and everything that refers to it."""
        self.by_table[table] = [kept for kept in self.by_table[table] if kept is not row]
        for other, rows in list(self.by_table.items()):
            for referring in rows:
                if any(value == row["id"] for name, value in referring.items() if name.endswith("_id")):
                    self.drop(other, referring)

    def insert(self, connection: psycopg.Connection[Any]) -> int:
        """Insert everything; how many rows."""
        count = 0
        for table, rows in self.by_table.items():
            required = _required(connection, table)
            for names, alike in _by_columns(rows, set(required)).items():
                copy = sql.SQL("insert into {} ({}) values ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, names)),
                    sql.SQL(", ").join(sql.Placeholder() * len(names)),
                )
                values = [[_plain(row.get(name, required.get(name))) for name in names] for row in alike]
                with connection.cursor() as cursor:
                    cursor.executemany(copy, values)
                count += len(alike)
        self.by_table = {}
        return count


def _by_columns(rows: list[Row], required: set[str]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(sorted(required | row.keys())), []).append(row)
    return groups


def _required(connection: psycopg.Connection[Any], table: str) -> dict[str, Any]:
    found = connection.execute(
        """select column_name, data_type, is_nullable = 'NO', column_default from information_schema.columns
            where table_schema = 'assay' and table_name = %s""",
        [table],
    ).fetchall()
    return {
        name: _blank(kind)
        for name, kind, is_required, default in found
        if is_required and default is None and name != "id"
    }


def _blank(kind: str) -> Any:
    if kind == "jsonb":
        return {}
    if kind == "ARRAY":
        return []
    return BLANK.get(kind, "now")


def _plain(value: Any) -> Any:
    return Jsonb(value, dumps=json.dumps) if isinstance(value, dict) else value
