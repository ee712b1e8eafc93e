"""`manage.py check_invariants`: what must always hold, asked of every row. Meant for the auditor's login."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from registry.management.invariants.answers import unfounded_answers
from registry.management.invariants.ledger import broken_moves, broken_runs, changes_without_events
from registry.management.invariants.oracle import unfounded_moves

CHECKS: dict[str, tuple[str, Callable[[], Iterable[str]]]] = {
    "N2": ("every change has its event", changes_without_events),
    "N3": ("every run has one result", broken_runs),
    "N4": ("stages follow from moves", broken_moves),
    "L1": ("every guarded move had what its policy asked", unfounded_moves),
    "L2": ("every signed answer is founded", unfounded_answers),
}


class Command(BaseCommand):
    """Prints each violation and ends with status 1 if there is one."""

    help = "Check what must always hold. Run it with the auditor's address in DATABASE_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        """Run every check, whatever the ones before found."""
        broken = 0
        for name, (promise, violations) in CHECKS.items():
            found = list(violations())
            broken += len(found)
            self.stdout.write(f"{name}  {promise}: {f'{len(found)} violations' if found else 'holds'}")
            for violation in found:
                self.stderr.write(f"    {violation}")
        if broken:
            raise CommandError(f"{broken} violations", returncode=1)
