"""Teams, what their people do in them, and what each may sign for."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from registry.models.choices import Expertise, Role
from registry.models.fields import OwnedTime
from registry.models.visibility import TeamOwned

PERSON = settings.AUTH_USER_MODEL


class Team(models.Model):
    """The people who own things together. Other teams see nothing of them."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(db_default=Now())

    objects = TeamOwned.as_manager("memberships__person")

    class Meta:
        db_table = "team"
        ordering = ("slug",)

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A person's role in a team, given by somebody else."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role)
    granted_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+", null=True)
    granted_at = OwnedTime(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "membership"
        constraints = (
            models.UniqueConstraint(
                fields=("team", "person", "role"), condition=Q(ended_at=None), name="one_role_once"
            ),
            models.CheckConstraint(condition=~Q(granted_by=models.F("person")), name="nobody_grants_themselves_a_role"),
            models.CheckConstraint(
                condition=Q(role=Role.ADMINISTRATOR) | Q(granted_by__isnull=False), name="a_role_is_given_by_somebody"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} is {self.role} in {self.team}"


class ReviewerExpertise(models.Model):
    """What a person may sign for in a team, given by somebody else."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="expertise")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="expertise")
    expertise = models.CharField(max_length=20, choices=Expertise)
    granted_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    granted_at = OwnedTime(db_default=Now())
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reviewer_expertise"
        constraints = (
            models.UniqueConstraint(
                fields=("team", "person", "expertise"), condition=Q(ended_at=None), name="one_expertise_once"
            ),
            models.CheckConstraint(
                condition=~Q(granted_by=models.F("person")), name="nobody_grants_themselves_expertise"
            ),
        )

    def __str__(self) -> str:
        return f"{self.person} may sign for {self.expertise} in {self.team}"
