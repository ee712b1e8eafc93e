"""Columns that the database alone writes.

The application's database user has no right to name them in an INSERT or UPDATE. Marking a field as `generated` keeps
Django from naming them too, and `db_returning` brings the value back with the inserted row. In migrations they are
plain columns: their defaults and the triggers that fill them stand there.
"""

from typing import Any

from django.db import models


class DatabaseOwned:
    """Mixin: never inserted or updated by Django, read back after an insert."""

    generated = True
    db_returning = True
    path = "django.db.models"

    def deconstruct(self) -> tuple[Any, Any, Any, Any]:
        """As the plain field, so that migrations know only columns."""
        name, _, args, kwargs = super().deconstruct()  # type: ignore[misc]
        plain = type(self).__mro__[2].__name__
        return name, f"django.db.models.{plain}", args, kwargs


class OwnedText(DatabaseOwned, models.TextField):
    """Text that the database fills."""


class OwnedInteger(DatabaseOwned, models.BigIntegerField):
    """A counter that the database keeps."""


class OwnedTime(DatabaseOwned, models.DateTimeField):
    """A moment by the database's clock."""


class OwnedBinary(DatabaseOwned, models.BinaryField):
    """Bytes that the database computes or the notary writes."""


class OwnedBoolean(DatabaseOwned, models.BooleanField):
    """A fact that the database decides."""


class OwnedForeignKey(DatabaseOwned, models.ForeignKey):
    """A link that the database makes."""
