"""Asking the checks, as the auditor does; and changing rows in a way that only one of them sees."""

from typing import Any

from registry.management.commands.check_invariants import CHECKS
from tests.databases import speaking_as
from tests.models.past import past_the_triggers

# An event of something else, written with the change: by its transaction alone the change looks told.
EVENT = """with told as (insert into audit_event (verb, subject_kind, subject_id, subject_name, body)
           values ('dossier.exported', 'modelversion', '0', 'x', '{}')) """


def violations(name: str) -> list[str]:
    """What one check finds."""
    with speaking_as("assay_auditor"):
        return list(CHECKS[name][1]())


def beside_an_event(table: str, statement: str, *values: Any) -> None:
    """Change rows past the triggers, in a transaction that writes an event of something else."""
    past_the_triggers(table, EVENT + statement, *values)
