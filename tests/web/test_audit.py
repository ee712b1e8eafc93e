"""The audit log says what happened in sentences, whatever happened, and is found by their words."""

import ast
from collections.abc import Callable, Iterator

from django.test import Client
from django.urls import reverse

from registry.exceptions import NotPermitted
from registry.models import AuditEvent, User
from registry.services import lifecycle, people
from registry.web.present import audit, sentences
from tests import make
from tests.architecture.sources import Function, functions, sources
from tests.people import Cast

SignedIn = Callable[[User], Client]


def recorded_verbs() -> Iterator[str]:
    """Every verb that is given to `audit`, or to a function of the services that hands it on."""
    taking = {
        (source.path, function.name): [each.arg for each in function.args.args].index("verb")
        for source in sources("registry/services")
        for function in functions(source.tree)
        if "verb" in [each.arg for each in function.args.args]
    }
    for source in sources("registry"):
        for function in functions(source.tree):
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                place = taking.get(called(call, within=source.path))
                if place is not None:
                    yield from verbs_in(call.args[place], function, where=source.where(call))


def called(call: ast.Call, *, within: str) -> tuple[str, str]:
    """The file and the name of the function."""
    if isinstance(call.func, ast.Attribute):
        is_audit = isinstance(call.func.value, ast.Name) and call.func.value.id == "audit"
        return ("registry/services/audit.py" if is_audit else ""), call.func.attr
    return within, getattr(call.func, "id", "")


def verbs_in(given: ast.expr, function: Function, *, where: str) -> Iterator[str]:
    """A verb is written out, or handed on by the name `verb`."""
    if isinstance(given, ast.Constant):
        yield given.value
    elif isinstance(given, ast.Name) and given.id == "verb":
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "verb":
                yield from (each.value for each in ast.walk(node.value) if isinstance(each, ast.Constant))
    else:
        assert isinstance(given, ast.JoinedStr), f"{where}: which verb is this?"


def test_every_verb_that_is_recorded_has_a_sentence() -> None:
    verbs = set(recorded_verbs())
    assert len(verbs) > 35
    assert verbs - set(sentences.SENTENCES) == set()
    assert set(sentences.SENTENCES) - verbs == set()


def told(person: User) -> list[str]:
    events = audit.visible_events(person).select_related("actor", "team")
    return [entry["title"] for entry in audit.entries(events)]


def test_entries_are_sentences(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.signed(version, by=cast.grace, expertise="fairness", meaning="request_changes")
    make.signed(version, by=cast.grace, expertise="fairness")
    make.signed(version, by=cast.alan, expertise="security")
    make.moved(version, to_stage=make.INFERENCE, by=cast.ada)
    said = told(cast.mary)
    assert "Ada Lovelace moved lending/mortgage-approval@1 to inference" in said
    assert "Grace Hopper approved lending/mortgage-approval@1, for fairness" in said
    assert "Grace Hopper asked for changes to lending/mortgage-approval@1, for fairness" in said
    assert "Joan Clarke let Grace Hopper sign for fairness in lending" in said
    assert "Joan Clarke gave Ada Lovelace a role: contributor in lending" in said
    assert "Ada Lovelace wrote revision 1 of the model card of lending/mortgage-approval@1" in said
    assert "Assay ran fairness.group on lending/mortgage-approval@1: 1 measurement" in said
    assert [each for each in said if "unknown" in each or "{" in each] == []


def test_a_refusal_says_what_was_tried_and_why_not(cast: Cast) -> None:
    version = make.model_version(cast)
    try:
        lifecycle.transition(version, to_stage="data", by=cast.mary)
    except NotPermitted as refusal:
        why = str(refusal)
    entry = audit.entries(audit.visible_events(cast.mary))[0]
    assert entry["title"] == "Mary Shelley tried to move lending/mortgage-approval@1 and was refused"
    assert (entry["note"], entry["icon"]) == (why, "refused")


def test_a_waiver_is_named_by_what_it_accepts(cast: Cast) -> None:
    version = make.ready_version(cast)
    make.measured(version, by=cast.ada, low=0.7, high=0.9)
    unmet = make.verdicts.review(version, to_stage=make.INFERENCE).decision.unmet
    make.waived(version, next(item.id for item in unmet if item.kind == "threshold"), cast=cast, grants=1)
    accepted = "the waiver of \u201cDemographic parity ratio, worst group: at least 0.80\u201d"
    assert f"Grace Hopper granted {accepted} for lending/mortgage-approval@1" in told(cast.mary)
    assert not [title for title in told(cast.mary) if "threshold:" in title]


def test_the_log_is_found_by_the_machines_name_a_word_of_the_sentence_and_a_persons_name(
    cast: Cast, signed_in: SignedIn
) -> None:
    version = make.model_version(cast)
    make.moved(version, to_stage="data", by=cast.ada)
    people.add_member(cast.lending, person=cast.eve, role="auditor", by=cast.joan)
    mary = signed_in(cast.mary)

    def verbs(query: str) -> set[str]:
        page = mary.get(reverse("audit"), {"q": query}).context["page"]
        return {event.verb for event in page.rows}

    assert verbs("model_version.transitioned") == {"model_version.transitioned"}
    assert verbs("moved lovelace") == {"model_version.transitioned"}
    assert verbs("moved joan") == set()
    assert "membership.granted" in verbs("joan gave")
    page = mary.get(reverse("audit")).content.decode()
    assert 'href="/audit/?q=model_version.transitioned"' in page


def test_a_verb_of_the_past_without_a_sentence_is_still_told(cast: Cast) -> None:
    event = AuditEvent(verb="model.painted", subject_kind="registeredmodel", subject_name="a/b", body="{}", actor=None)
    assert sentences.sentence(event, {}) == "Assay did model.painted: a/b"
