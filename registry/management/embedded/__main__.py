"""The servers without the demo: `python -m registry.management.embedded up|down|status|url ROLE|broker|reset`."""

import argparse
import shutil
import sys
from pathlib import Path

from registry.management.embedded import pidfile
from registry.management.embedded.places import EmbeddedError, assay_home, cluster_home
from registry.management.embedded.postgres import SUPERUSER, Postgres
from registry.management.embedded.processes import end_leftovers
from registry.management.embedded.roles import DATABASE, LOGINS, Access, provision
from registry.management.embedded.valkey import Valkey

KEPT = (
    "blobs",
    "log",
    "notary",
    "run",
    "staticfiles",
    "secret_key",
    "instance",
    "passwords.json",
    "demo.json",
    "bench.json",
)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m registry.management.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down", "status", "broker", "reset"):
        verbs.add_parser(verb)
    verbs.add_parser("url").add_argument("role", choices=[SUPERUSER, *LOGINS])
    chosen = parser.parse_args(arguments)
    home = cluster_home(assay_home())
    postgres, valkey = Postgres(home), Valkey(home)
    try:
        return act(chosen.verb, getattr(chosen, "role", ""), postgres, valkey)
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def act(verb: str, role: str, postgres: Postgres, valkey: Valkey) -> int:
    if verb == "up":
        provision(postgres.start(), passwords=postgres.passwords)
        valkey.start()
    elif verb == "url":
        access = Access(host=str(postgres.sockets), port=5432, database=DATABASE, passwords=postgres.passwords)
        sys.stdout.write(f"{postgres.url(role) if role == SUPERUSER else access.url(role)}\n")
        return 0
    elif verb == "broker":
        sys.stdout.write(f"{valkey.url()}\n")
        return 0
    elif verb == "down":
        valkey.stop()
        postgres.stop()
    elif verb == "reset":
        reset(assay_home(), postgres, valkey)
    for name, part in (("postgres", postgres), ("valkey", valkey)):
        sys.stdout.write(f"{name:9} {'running' if part.is_running() else 'stopped'}  {part.home}\n")
    return 0


def reset(home: Path, postgres: Postgres, valkey: Valkey) -> None:
    """Stop a demo that runs, then delete its database and what it keeps in ASSAY_HOME, and nothing else there."""
    demo = pidfile.recall(home / "run" / "demo.pid")
    if demo is not None:
        demo.terminate()
        pidfile.wait_gone(demo, seconds=60)
    end_leftovers(home)
    valkey.stop()
    postgres.remove()
    for name in KEPT:
        path = home / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
