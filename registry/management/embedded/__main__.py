"""`python -m registry.management.embedded up | down | status | url ROLE | broker | remove`: the servers without the demo."""

import argparse
import sys

from registry.management.embedded.places import EmbeddedError, assay_home, cluster_home
from registry.management.embedded.postgres import SUPERUSER, Postgres
from registry.management.embedded.roles import DATABASE, LOGINS, Access, provision
from registry.management.embedded.valkey import Valkey


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m registry.management.embedded", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("up", "down", "status", "broker", "remove"):
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
    elif verb != "status":
        valkey.stop()
        postgres.remove() if verb == "remove" else postgres.stop()
    for name, part in (("postgres", postgres), ("valkey", valkey)):
        sys.stdout.write(f"{name:9} {'running' if part.is_running() else 'stopped'}  {part.home}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
