"""The servers without the demo: `python -m registry.management.embedded up|down|status|url ROLE|broker|reset`.

`provision FILE` prepares a server that isn't ours: DATABASE_URL is its administrator's, FILE the roles' passwords.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from registry.management.embedded import pidfile
from registry.management.embedded.credentials import Passwords
from registry.management.embedded.places import EmbeddedError, assay_home, cluster_home
from registry.management.embedded.postgres import SUPERUSER, Postgres
from registry.management.embedded.processes import end_leftovers
from registry.management.embedded.roles import DATABASE, LOGINS, Access, provision
from registry.management.embedded.valkey import Valkey

KEPT_FOLDERS = ("blobs", "demo", "log", "notary", "run", "staticfiles")
KEPT_FILES = ("secret_key", "instance", "passwords.json", "demo.json", "bench.json")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m registry.management.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down", "status", "broker", "reset"):
        verbs.add_parser(verb)
    verbs.add_parser("url").add_argument("role", choices=[SUPERUSER, *LOGINS])
    verbs.add_parser("provision").add_argument("passwords", type=Path)
    chosen = parser.parse_args(arguments)
    try:
        if chosen.verb == "provision":
            provision(os.environ["DATABASE_URL"], passwords=Passwords(chosen.passwords))
        else:
            act(chosen.verb, role=getattr(chosen, "role", ""), home=assay_home())
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def act(verb: str, *, role: str, home: Path) -> None:
    postgres, valkey = Postgres(cluster_home(home)), Valkey(cluster_home(home))
    if verb in {"url", "broker"}:
        sys.stdout.write(f"{valkey.url() if verb == 'broker' else address_of(role, postgres)}\n")
        return
    if verb == "up":
        provision(postgres.start(), passwords=postgres.passwords)
        valkey.start()
    elif verb == "down":
        valkey.stop()
        postgres.stop()
    elif verb == "reset":
        reset(home, postgres, valkey)
    for name, part in (("postgres", postgres), ("valkey", valkey)):
        sys.stdout.write(f"{name:9} {'running' if part.is_running() else 'stopped'}  {part.home}\n")


def address_of(role: str, postgres: Postgres) -> str:
    if role == SUPERUSER:
        return postgres.url(role)
    return Access(host=str(postgres.sockets), port=5432, database=DATABASE, passwords=postgres.passwords).url(role)


def reset(home: Path, postgres: Postgres, valkey: Valkey) -> None:
    """Stop a demo that runs, then delete its database and what it keeps in ASSAY_HOME, and nothing else there."""
    demo = pidfile.recall(home / "run" / "demo.pid")
    if demo is not None:
        demo.terminate()
        pidfile.wait_gone(demo, seconds=60)
    end_leftovers(home)
    valkey.stop()
    postgres.remove()
    for name in KEPT_FOLDERS:
        shutil.rmtree(home / name, ignore_errors=True)
    for name in KEPT_FILES:
        (home / name).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
