"""Give an empty Postgres the database, the schema and the roles that Assay's promises rest on.

Needs an administrator's connection once; afterwards every process connects as its own role. Safe to repeat.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from registry.management.embedded.binaries import OLDEST_MAJOR
from registry.management.embedded.credentials import Passwords, role_url
from registry.management.embedded.places import EmbeddedError

DATABASE = "assay"
OWNER = "assay_owner"
MIGRATOR = "assay_migrator"
RUN_TIME = ("assay_app", "assay_auditor", "assay_worker", "assay_notary")
LOGINS = (MIGRATOR, *RUN_TIME)
OWNER_OPTIONS = "-c role=assay_owner -c search_path=assay,pg_temp"
RIGHTS = Path(__file__).with_name("roles.sql")


@dataclass(frozen=True)
class Access:
    """A provisioned database: the addresses under which the roles reach it."""

    host: str
    port: int
    database: str
    passwords: Passwords

    def url(self, role: str) -> str:
        """The role's URL. The migrator's also says whom it becomes, so that the owner owns what it makes."""
        password = self.passwords.of(role)
        address = role_url(role, password=password, host=self.host, port=self.port, database=self.database)
        return f"{address}&options={quote(OWNER_OPTIONS, safe='')}" if role == MIGRATOR else address


def provision(admin_url: str, *, passwords: Passwords, database: str | None = None) -> Access:
    """Create or correct the roles, the database and the schema; returns where the roles connect.

    `database` defaults to the one the URL names, or `assay` where it names none of its own.
    """
    with psycopg.connect(admin_url, autocommit=True) as admin:
        refuse_old(admin)
        named = admin.info.dbname if admin.info.dbname not in {"postgres", "template1"} else DATABASE
        name = database or named
        create_roles(admin, passwords=passwords)
        create_database(admin, name)
        access = Access(host=admin.info.host, port=admin.info.port, database=name, passwords=passwords)
    with psycopg.connect(admin_url, dbname=name) as inside:
        inside.execute(RIGHTS.read_bytes())
    return access


def refuse_old(admin: psycopg.Connection) -> None:
    major = admin.info.server_version // 10000
    if major < OLDEST_MAJOR:
        raise EmbeddedError(f"Postgres {major} is too old; Assay needs {OLDEST_MAJOR} or newer.")


def create_roles(admin: psycopg.Connection, *, passwords: Passwords) -> None:
    """The owner can't log in; the others get the passwords of the file, again on every start, as scram verifiers."""
    existing = {name for (name,) in admin.execute("select rolname from pg_roles where rolname like 'assay%'")}
    for role in (OWNER, *LOGINS):
        if role not in existing:
            admin.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
    admin.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(OWNER)))
    for role in LOGINS:
        verifier = admin.pgconn.encrypt_password(passwords.of(role).encode(), role.encode(), b"scram-sha-256").decode()
        alter = sql.SQL("alter role {} login noinherit password {}")
        admin.execute(alter.format(sql.Identifier(role), sql.Literal(verifier)))
    if not is_superuser(admin):
        # Handing the schema to the owner asks for membership; a superuser needs none.
        admin.execute(sql.SQL("grant {} to current_user").format(sql.Identifier(OWNER)))


def is_superuser(admin: psycopg.Connection) -> bool:
    row = admin.execute("select rolsuper from pg_roles where rolname = current_user").fetchone()
    return bool(row and row[0])


def create_database(admin: psycopg.Connection, name: str) -> None:
    if not admin.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
        admin.execute(sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name)))
    close_to_strangers(admin, name)


def clone_database(admin: psycopg.Connection, name: str, *, template: str) -> None:
    """A copy in milliseconds; who may connect isn't copied with it and is said again."""
    copy = "create database {} template {} strategy file_copy"
    admin.execute(sql.SQL(copy).format(sql.Identifier(name), sql.Identifier(template)))
    close_to_strangers(admin, name)


def close_to_strangers(admin: psycopg.Connection, name: str) -> None:
    """By default everybody may connect and make temporary tables, which could shadow ours; here nobody may."""
    database = sql.Identifier(name)
    admin.execute(sql.SQL("revoke all on database {} from public").format(database))
    admin.execute(sql.SQL("grant create on database {} to {}").format(database, sql.Identifier(OWNER)))
    logins = sql.SQL(", ").join(map(sql.Identifier, LOGINS))
    admin.execute(sql.SQL("grant connect on database {} to {}").format(database, logins))


def drop_database(admin: psycopg.Connection, name: str) -> None:
    admin.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
