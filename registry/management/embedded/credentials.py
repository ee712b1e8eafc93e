"""The roles' passwords, and the addresses made with them."""

import json
import secrets
from pathlib import Path
from urllib.parse import quote, urlencode

from registry.management.embedded.places import write_private


class Passwords:
    """One 0600 file with a random password per role, made on first asking."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, role: str) -> str:
        known: dict[str, str] = json.loads(self.path.read_text()) if self.path.exists() else {}
        if role not in known:
            known[role] = secrets.token_urlsafe(24)
            write_private(self.path, json.dumps(known, indent=1))
        return known[role]


def role_url(role: str, *, password: str, host: str, port: int = 5432, database: str = "assay") -> str:
    """A libpq URL; a host that is a folder (a socket) goes into the query, as libpq wants it."""
    credentials = f"{quote(role, safe='')}:{quote(password, safe='')}"
    query = urlencode({"host": host, "port": port}, quote_via=quote, safe="")
    return f"postgresql://{credentials}@/{quote(database, safe='')}?{query}"
