"""Answers kept for a day, so that a request that is sent twice is carried out once."""

from pathlib import Path
from typing import ClassVar

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """One table that is not governed."""

    dependencies: ClassVar = [("registry", "0002_gate")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="IdempotencyRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=100)),
                ("request_digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(help_text="Empty while the request is being carried out.", null=True)),
                ("body", models.TextField(blank=True)),
                ("made_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "db_table": "idempotency_record",
                "constraints": [models.UniqueConstraint(fields=("person", "key"), name="one_answer_per_key")],
            },
        ),
        migrations.RunSQL((SQL / "idempotency.sql").read_text(), migrations.RunSQL.noop),
    ]
