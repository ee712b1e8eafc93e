"""Whether the judge in the database is the reviewed one: its triggers always fire, its functions read as committed."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from registry.management.invariants.reading import rows

COMMITTED = Path(__file__).resolve().parents[2] / "migrations" / "sql" / "functions.json"
TRIGGERS = """select c.relname || '.' || t.tgname as name, p.proname as function, t.tgenabled::text as enabled
                from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc p on p.oid = t.tgfoid
               where c.relnamespace = 'assay'::regnamespace and not t.tgisinternal order by 1"""
FUNCTIONS = """select p.proname as name, pg_get_functiondef(p.oid) as text from pg_proc p
                where p.pronamespace = 'assay'::regnamespace and p.prokind = 'f' order by 1"""
Parts = dict[str, dict[str, str]]


def found() -> Parts:
    """What the database has: each trigger with its function, each function with the SHA-256 of its definition."""
    return {
        "triggers": {row["name"]: row["function"] for row in rows(TRIGGERS) if row["enabled"] == "A"},
        "functions": {row["name"]: hashlib.sha256(row["text"].encode()).hexdigest() for row in rows(FUNCTIONS)},
    }


def committed() -> Parts:
    """What it should have."""
    parts: Parts = json.loads(COMMITTED.read_text(encoding="utf-8"))
    return parts


def drift() -> Iterator[str]:
    """Every part that is missing, switched off, changed or unknown."""
    has, should = found(), committed()
    for kind, parts in should.items():
        for name, mark in parts.items():
            if has[kind].get(name) != mark:
                yield f"{kind[:-1]} {name} is missing, switched off or not the committed one"
        yield from (f"{kind[:-1]} {name} is nobody's" for name in sorted(set(has[kind]) - set(parts)))
