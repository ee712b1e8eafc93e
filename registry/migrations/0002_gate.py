"""The database's part: guards on governed rows, the judge, and what each role may do."""

from pathlib import Path
from typing import ClassVar

from django.db import migrations

SQL = Path(__file__).parent / "sql"
EDGES = [
    ("scoping", "data", False, False),
    ("data", "preprocessing", False, False),
    ("preprocessing", "training", False, False),
    ("training", "inference", True, True),
    ("inference", "inference", True, True),  # an approval ends; renewing it is a decision like the first
    *((stage, "retired", False, False) for stage in ("scoping", "data", "preprocessing", "training", "inference")),
]


def add_edges(apps, schema_editor) -> None:
    """The ways between stages; only a migration makes one."""
    edge = apps.get_model("registry", "StageEdge")
    edge.objects.using(schema_editor.connection.alias).bulk_create(
        edge(from_stage=a, to_stage=b, guarded=guarded, needs_artifact=needs) for a, b, guarded, needs in EDGES
    )


class Migration(migrations.Migration):
    """Plain SQL, replaced whole by later migrations, never patched."""

    dependencies: ClassVar = [
        ("registry", "0001_tables"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]
    operations: ClassVar = [
        migrations.RunPython(add_edges, migrations.RunPython.noop),
        *(
            migrations.RunSQL((SQL / name).read_text(), migrations.RunSQL.noop)
            for name in ("guards.sql", "evaluations.sql", "policies.sql", "gate.sql", "grants.sql")
        ),
    ]
