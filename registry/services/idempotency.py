"""Remembering what a caller was answered, so that a request that arrives twice is carried out once.

`claim`, the verb and `keep` stand in one transaction: a second request with the same key waits for the first, and a
crash leaves neither the change nor the answer.
"""

from datetime import timedelta

from django.db.models.functions import Now

from registry.exceptions import InvalidInput, NotNow
from registry.models import IdempotencyRecord, User

KEPT_FOR = timedelta(hours=24)
LONGEST_KEY = 100


def claim(*, person: User, key: str, request_digest: str) -> IdempotencyRecord:
    """The record of this key: with a status if it was answered, without one if the caller may go ahead now.

    NotNow if the key was used for another request.
    """
    if not key.isprintable() or not 0 < len(key) <= LONGEST_KEY:
        raise InvalidInput(f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters.")
    IdempotencyRecord.objects.filter(person=person, made_at__lt=Now() - KEPT_FOR).delete()
    record, _ = IdempotencyRecord.objects.get_or_create(
        person=person, key=key, defaults={"request_digest": request_digest}
    )
    if record.request_digest != request_digest:
        raise NotNow("This Idempotency-Key was used for another request. Use a new one.")
    return record


def keep(record: IdempotencyRecord, *, status: int, body: str) -> None:
    """Remember the answer for a day."""
    IdempotencyRecord.objects.filter(pk=record.pk).update(status=status, body=body)


def forget(record: IdempotencyRecord) -> None:
    """A refused request changed nothing, and may be asked again."""
    IdempotencyRecord.objects.filter(pk=record.pk).delete()
