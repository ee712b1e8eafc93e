"""`manage.py check_gate`: refuse to go on when the database's judge is not the committed one."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.management.invariants.gate import COMMITTED, drift, found


class Command(BaseCommand):
    """Compares triggers and functions with the committed list; any login may ask."""

    help = "Check that the triggers and functions of the gate are the committed ones."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Its options."""
        parser.add_argument("--write", action="store_true", help="Make what is there the committed list.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare, or write the list anew after a migration changed it."""
        if options["write"]:
            COMMITTED.write_text(json.dumps(found(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
            return
        problems = list(drift())
        for problem in problems:
            self.stderr.write(problem)
        if problems:
            raise CommandError("The gate in the database is not the committed one; nothing may be served from it.")
        if options["verbosity"]:
            self.stdout.write("The gate in the database is the committed one.")
