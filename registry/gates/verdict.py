"""A verdict: the outcome of a gate with every requirement's reason and what would unblock it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from registry.gates.values import WAIVABLE_KINDS, GrantedWaiver, Outcome


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One thing the policy asks.

    `found` names what was looked at (a measurement, a run, document revisions, a risk; "0" for nothing), so that a
    waiver can accept exactly this finding and no later one.
    """

    id: str
    asked: str
    found_text: str
    outcome: Outcome
    unblock: str = ""
    found: str = "0"
    waived_until: datetime | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The part of the id before the colon."""
        return self.id.partition(":")[0]

    @property
    def is_met(self) -> bool:
        """Whether it bars the way no longer: passed, or accepted for a while."""
        return self.outcome is Outcome.PASSED or self.waived_until is not None

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready copy."""
        return {
            "id": self.id,
            "kind": self.kind,
            "asked": self.asked,
            "found": self.found_text,
            "found_id": self.found,
            "outcome": self.outcome.value,
            "unblock": self.unblock,
            "waived_until": self.waived_until.isoformat() if self.waived_until else None,
            "detail": dict(self.detail),
        }


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a gate says about entering a stage, with all of its reasons."""

    to_stage: str
    requirements: tuple[Requirement, ...]

    @property
    def outcome(self) -> Outcome:
        """FAILED when anything fails, else UNDECIDED when anything can't be told, else PASSED."""
        barring = {item.outcome for item in self.requirements if not item.is_met}
        if Outcome.FAILED in barring:
            return Outcome.FAILED
        return Outcome.UNDECIDED if barring else Outcome.PASSED

    @property
    def unmet(self) -> tuple[Requirement, ...]:
        """The requirements that keep the gate shut."""
        return tuple(item for item in self.requirements if not item.is_met)

    @property
    def waived(self) -> tuple[Requirement, ...]:
        """The requirements that only a waiver lets through."""
        return tuple(item for item in self.requirements if item.waived_until is not None)

    @property
    def waived_until(self) -> datetime | None:
        """When the first waiver it rests on ends."""
        return min((until for item in self.requirements if (until := item.waived_until)), default=None)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready copy, as stored with a transition."""
        return {
            "to_stage": self.to_stage,
            "outcome": self.outcome.value,
            "waived": [item.id for item in self.waived],
            "requirements": [item.as_dict() for item in self.requirements],
        }


def with_waivers(
    requirements: Iterable[Requirement], *, waivers: Iterable[GrantedWaiver], now: datetime
) -> tuple[Requirement, ...]:
    """Mark each unmet requirement for which a waiver of this very finding still holds at `now`."""
    running: dict[tuple[str, str], datetime] = {}
    for waiver in waivers:
        if waiver.expires_at > now:
            key = (waiver.requirement, waiver.found)
            running[key] = max(waiver.expires_at, running.get(key, waiver.expires_at))
    return tuple(
        replace(item, waived_until=running.get((item.id, item.found)))
        if item.outcome is not Outcome.PASSED and item.kind in WAIVABLE_KINDS
        else item
        for item in requirements
    )
