"""Recording what was done, in the transaction of the change; and what was refused, in one of its own.

Where a change is made within a savepoint, its event is written within the same: so each row leads to its event.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils import timezone

from registry.cards.canonical import canonical_bytes
from registry.exceptions import NotNow, NotPermitted, Refusal, TransitionRefused
from registry.models import AuditEvent, Team, User
from registry.services.conflicts import collision


def team_of(subject: Model) -> Team | None:
    """The team a thing belongs to, found along its own links."""
    for path in (
        (),
        ("version",),
        ("model",),
        ("dataset",),
        ("policy",),
        ("revision", "policy"),
        ("waiver", "version"),
    ):
        owner: Any = subject
        for step in path:
            owner = getattr(owner, step, None)
        team = owner if isinstance(owner, Team) else getattr(owner, "team", None)
        if isinstance(team, Team):
            return team
    return None


def record(
    verb: str, *, subject: Model, actor: User | None, detail: Mapping[str, Any] | None = None, team: Team | None = None
) -> AuditEvent:
    """Write one event. `verb` is `noun.past_tense`; the body is canonical JSON, whose bytes the leaf hash covers."""
    team = team or team_of(subject)
    kind = subject._meta.model_name or ""
    body = {
        "at": timezone.now().isoformat(timespec="microseconds"),
        "actor": actor.username if actor else "assay",
        "verb": verb,
        "subject": {"kind": kind, "id": str(subject.pk), "name": str(subject)},
        "team": team.slug if team else None,
        "detail": _plain(detail or {}),
    }
    return AuditEvent.objects.create(
        actor=actor,
        team=team,
        verb=verb,
        subject_kind=kind,
        subject_id=str(subject.pk),
        subject_name=str(subject)[:300],
        body=canonical_bytes(body).decode(),
    )


@contextmanager
def acting(verb: str, *, by: User | None, on: Model) -> Iterator[None]:
    """One verb: one transaction. A refusal rolls it back and is itself recorded.

    So are the database's own refusal, and NotNow where another request did the same at this moment.
    """
    try:
        with transaction.atomic():
            yield
    except (NotPermitted, NotNow) as refusal:
        _record_refusal(verb, by=by, on=on, refusal=refusal)
        raise
    except IntegrityError as error:
        refused = database_refusal(error) or collision(error)
        if refused is None:
            raise
        _record_refusal(verb, by=by, on=on, refusal=refused)
        raise refused from error


def database_refusal(error: IntegrityError) -> Refusal | None:
    """The refusal behind an error of the database's judge or guards; None for any other error."""
    message = str(error).partition("\n")[0]
    if not message.startswith("gate: "):
        return None
    return NotNow(message.removeprefix("gate: ").capitalize() + ".")


def _record_refusal(verb: str, *, by: User | None, on: Model, refusal: Refusal) -> None:
    unmet = refusal.requirements if isinstance(refusal, TransitionRefused) else []
    with transaction.atomic():
        record(f"{verb}.refused", subject=on, actor=by, detail={"why": str(refusal), "unmet": unmet})


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
