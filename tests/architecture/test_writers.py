"""Who may write, held by looking at every call: a rule that matters forbids the second writer."""

import ast

import pytest

from tests.architecture.sources import Source, sources

WRITES = {
    "create",
    "bulk_create",
    "get_or_create",
    "update_or_create",
    "update",
    "bulk_update",
    "delete",
    "acreate",
    "abulk_create",
    "aget_or_create",
    "aupdate_or_create",
    "aupdate",
    "abulk_update",
    "adelete",
}
INSTANCE_WRITES = {"save", "asave", "delete", "adelete"}
# Migrations make the tables; the services are the verbs. What workers run calls services too.
WRITING_ROOMS = ("registry/services/", "registry/migrations/")


def models() -> set[str]:
    """Every class of the room of tables."""
    return {
        node.name
        for source in sources("registry/models")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    }


def chain(expression: ast.expr) -> list[str]:
    """`A.objects.filter(x).update` → ["A", "objects", "filter", "update"]."""
    names: list[str] = []
    while True:
        if isinstance(expression, ast.Attribute):
            names.insert(0, expression.attr)
            expression = expression.value
        elif isinstance(expression, ast.Call):
            expression = expression.func
        elif isinstance(expression, ast.Subscript):
            expression = expression.value
        else:
            return [expression.id, *names] if isinstance(expression, ast.Name) else names


def writes(call: ast.Call, known: set[str]) -> bool:
    names = chain(call.func)
    if names[-1:] and names[-1] in INSTANCE_WRITES and len(names) > 1:
        return True
    return bool(names) and names[-1] in WRITES and ("objects" in names or names[0] in known)


@pytest.mark.parametrize(
    ("statement", "is_write"),
    [
        ("Risk.objects.create(issue='x')", True),
        ("Risk.objects.filter(pk=1).exclude(x=2).update(resolved=True)", True),
        ("version.risks.objects.bulk_create(rows)", True),
        ("risk.save()", True),
        ("get(pk).delete()", True),
        ("Risk.objects.filter(pk=1).first()", False),
        ("hashlib.sha256().update(data)", False),
        ("context.update(title='x')", False),
        ("save(risk)", False),
    ],
)
def test_the_rule_knows_a_write_when_it_sees_one(statement: str, is_write: bool) -> None:
    call = next(node for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Call))
    assert writes(call, {"Risk"}) is is_write


def calls(source: Source) -> list[ast.Call]:
    return [node for node in ast.walk(source.tree) if isinstance(node, ast.Call)]


def test_only_lifecycle_writes_a_transition() -> None:
    writers = {
        source.path
        for source in sources("registry")
        for call in calls(source)
        if chain(call.func) == ["Transition"]
        or (chain(call.func)[:1] == ["Transition"] and writes(call, {"Transition"}))
    }
    assert writers, "nobody writes a transition: this rule looks at the wrong name"
    assert all(path.startswith("registry/services/lifecycle") for path in writers), writers


def test_only_services_write() -> None:
    known = models()
    writers = [
        source.where(call)
        for source in sources("registry")
        if not source.path.startswith(WRITING_ROOMS)
        for call in calls(source)
        if writes(call, known)
    ]
    assert writers == []


def test_no_python_moves_a_stage() -> None:
    """The judge in the database does, when a transition is inserted."""
    movers = [
        source.where(node)
        for source in sources("registry")
        for node in ast.walk(source.tree)
        if (isinstance(node, ast.Attribute) and node.attr == "stage" and isinstance(node.ctx, ast.Store))
        or (isinstance(node, ast.Call) and chain(node.func)[-1:] == ["update"] and "stage" in keywords(node))
    ]
    assert movers == []


def keywords(call: ast.Call) -> set[str | None]:
    return {keyword.arg for keyword in call.keywords}


def test_no_model_has_rules_of_its_own_when_saved_and_nothing_listens_to_signals() -> None:
    overriding = [
        source.where(node)
        for source in sources("registry/models")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.FunctionDef) and node.name == "save"
    ]
    listening = [source.path for source in sources("registry") if "django.db.models.signals" in source.text]
    assert (overriding, listening) == ([], [])
