"""The log of what was done. Rows are inserted in the transaction of the change, and can't be changed or deleted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from registry.models.fields import OwnedBinary, OwnedInteger, OwnedTime
from registry.models.teams import Team


class AuditEvent(models.Model):
    """Who did what to what. `body` is the exact canonical text; `leaf` is SHA-256 of a zero byte and that text."""

    at = OwnedTime(db_default=Now())
    xid = OwnedInteger(db_default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+", null=True)
    verb = models.CharField(max_length=80)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=64)
    subject_name = models.CharField(max_length=300)
    body = models.TextField()
    leaf = OwnedBinary(null=True)

    class Meta:
        db_table = "audit_event"
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("team", "-id"), name="newest_events_of_a_team"),
            models.Index(fields=("subject_kind", "subject_id", "-id"), name="newest_events_of_a_thing"),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.subject_name}"
