"""A database with a million versions and their signed answers, filled in bulk.

The triggers are switched off while it is filled, which only a superuser of a throw-away cluster can do.
"""

import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg

from registry.management.embedded.roles import Access

BODY = (
    '{"approved":true,"outcome":"passed","summary":"May be used.","reasons":[],"attestation":{"payload":"' + "A" * 900
)
TABLES = ("model_version", "attestation", "registered_model", "project", "team", "person", "token", "membership")
FILL = Path(__file__).with_name("fill.sql")


@dataclass(frozen=True)
class Loaded:
    """What a client needs to ask: a token, and how many versions there are."""

    token: str
    versions: int

    def digest(self, number: int) -> str:
        """The root digest of one of the versions."""
        return hashlib.sha256(str(number % self.versions).encode()).hexdigest()


def fill(admin_url: str, access: Access, *, versions: int) -> Loaded:
    """Fill the provisioned and migrated database `access`; `admin_url` is a superuser's on the same cluster."""
    token = "assay_" + secrets.token_urlsafe(32)
    with psycopg.connect(admin_url, dbname=access.database, autocommit=True) as admin:
        admin.execute("set search_path = assay")
        for table in TABLES:
            admin.execute(f"alter table {table} disable trigger all")
        values = {
            "models": max(versions // 10, 1),
            "versions": versions,
            "body": BODY,
            "token": hashlib.sha256(token.encode()).digest(),
        }
        for statement in FILL.read_text().strip().split(";\n"):
            admin.execute(statement, values if "%(" in statement else None)
        admin.execute("vacuum analyze")
    return Loaded(token=token, versions=versions)
