"""Runs that compare with a second table or another model, and what a model works on."""

from pathlib import Path
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

SQL = Path(__file__).parent / "sql"


class Migration(migrations.Migration):
    """New columns are granted by name, as all columns of governed tables are."""

    dependencies: ClassVar = [("registry", "0003_idempotency")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="evaluation",
            name="reference",
            field=models.ForeignKey(
                help_text="A second table, to compare with.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.artifact",
            ),
        ),
        migrations.AddField(
            model_name="evaluation",
            name="baseline",
            field=models.ForeignKey(
                help_text="A model to compare with.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="registry.modelversion",
            ),
        ),
        migrations.AddField(
            model_name="registeredmodel",
            name="kind",
            field=models.CharField(
                blank=True,
                choices=[
                    ("tabular", "Rows of a table"),
                    ("text", "Texts that it sorts"),
                    ("image", "Images"),
                    ("generative", "Texts that it writes"),
                ],
                db_default="",
                help_text="Empty: not said.",
                max_length=20,
            ),
        ),
        migrations.RunSQL((SQL / "inputs.sql").read_text(), migrations.RunSQL.noop),
    ]
