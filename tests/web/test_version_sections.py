"""The sections of a version's pages: strange addresses, and what belongs to another team."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import ModelVersion, Risk, User
from registry.services import catalog, people
from registry.services.risks import update_risk
from registry.web.present import lineage, signatures
from tests import make
from tests.models.past import past_the_triggers
from tests.people import Cast


@pytest.mark.parametrize("before", ["2024-05-01T00:00:00", "2024-05-01", "2024-13-01T00:00:00+00:00", "soon", "%00"])
def test_a_history_before_no_moment_is_the_newest(cast: Cast, signed_in: Callable[[User], Client], before: str) -> None:
    version = make.model_version(cast)
    answer = signed_in(cast.mary).get(f"{reverse('version-history', args=[version.pk])}?before={before}")
    assert answer.status_code == 200
    assert b"Registered" in answer.content


def test_of_another_teams_model_the_lineage_does_not_tell_the_standing(cast: Cast) -> None:
    people.add_member(cast.marketing, person=cast.ada, role="contributor", by=cast.olga)
    project = catalog.create_project(cast.marketing, slug="ads", name="Ads", by=cast.ada)
    model = catalog.create_model(project, slug="clicks", by=cast.ada)
    parent = catalog.register_model_version(model, label="1", by=cast.ada)
    past_the_triggers("model_version", "update model_version set standing = 'suspended' where id = %s", parent.pk)
    ours = make.model_version(cast).model
    child = catalog.register_model_version(
        ours, label="2", parents=[catalog.Parent(relation="derived_from", version=parent)], by=cast.ada
    )
    assert standings(child, cast.mary) == {"good"}
    assert standings(child, cast.ada) == {"good", "suspended"}


def test_a_version_that_names_no_data_is_told_when_that_is_done(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    project = catalog.create_project(cast.lending, slug="own", name="Own", by=cast.ada)
    model = catalog.create_model(project, slug="own", by=cast.ada)
    version = catalog.register_model_version(model, label="1", by=cast.ada)
    page = signed_in(cast.ada).get(reverse("version-lineage", args=[version.pk])).content.decode()
    assert "What a version was made from is named when it is registered." in page
    assert "The same, as a list" not in page


def test_the_list_of_the_lineage_reads_as_its_arrows_run(cast: Cast) -> None:
    version = make.model_version(cast, data=make.dataset_version(cast))
    shown = lineage.section(version, person=cast.ada)
    names = {node["id"]: node["label"] for node in shown["nodes"]}
    assert [[names[start], names[end]] for start, end in shown["edges"]] == [
        [cell["text"] for cell in row[:2]] for row in shown["rows"]
    ]
    assert [cell["text"] for cell in shown["rows"][0]] == ["lending/loans@1", str(version), "trained on"]


def test_what_is_not_known_is_counted_alike_above_and_beside_a_section_and_is_marked(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    version = make.model_version(cast)
    unknown = {"model_details.license": {"unknown": "Nobody wrote it down."}}
    make.card(version, by=cast.ada, answers=make.complete_answers("model_card") | unknown)
    answer = signed_in(cast.ada).get(reverse("version-card", args=[version.pk]))
    shown, parts = answer.context["progress"], answer.context["sections"]
    assert shown == {name: sum(part[name] for part in parts) for name in shown}
    assert (shown["unknown"], shown["asked"] - shown["answered"]) == (1, 1)
    page = answer.content.decode()
    assert f"{shown['answered']} of {shown['asked']} required questions answered, 1 not known" in page
    assert page.count("“not known” does not count as answered") == 1


def standings(version: ModelVersion, person: User) -> set[str]:
    return {node["standing"] for node in lineage.section(version, person=person)["nodes"]}


def test_in_use_too_a_signature_lapses_with_its_evidence_unless_it_carried_a_move(cast: Cast) -> None:
    version = make.approved_version(cast)
    assert states(version) == ["signed", "signed"]
    make.signed(version, by=cast.grace, expertise="fairness")
    assert states(version) == ["signed", "signed", "lapsed"]  # her first one, which she replaced
    make.risk(version, by=cast.ada)
    version.refresh_from_db()
    assert states(version) == ["lapsed", "signed", "lapsed"]
    [newest, carried, _] = signatures.signature_entries(signatures.sign_offs(version), version)
    assert newest["note"] == "The evidence has changed since. Only a new signature counts."
    assert carried["by"] == "Alan Turing"


def states(version: ModelVersion) -> list[str]:
    return [entry["status"] for entry in signatures.signature_entries(signatures.sign_offs(version), version)]


def test_a_group_with_too_few_rows_is_named_in_the_chart_and_not_drawn(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    version, rate = make.ready_version(cast), "fairness.selection_rate"
    few = make.reading(metric=rate, slice="race=few", low=0.194, high=0.994, n=4)
    many = make.reading(metric=rate, slice="race=many", low=0.512, high=0.688)
    short = few | {"status": "insufficient_data", "reason": "4 rows, fewer than 10"}
    make.measured(version, by=cast.ada, readings=[make.reading(), short, many])
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk])).content.decode()
    assert "68.8%" in page
    assert "99.4%" not in page
    assert "Selection rate, by race" in page
    assert "few: not enough data" in page


def test_what_was_changed_about_a_risk_is_in_the_history(cast: Cast, signed_in: Callable[[User], Client]) -> None:
    version = make.ready_version(cast)
    risk = make.risk(version, by=cast.ada, issue="Homes are lost")
    update_risk(risk, changes={"likelihood": 5}, by=cast.ada)
    page = signed_in(cast.mary).get(reverse("version-history", args=[version.pk])).content.decode()
    assert "changed a risk: Homes are lost" in page


def test_a_risk_that_was_carried_forward_is_changed_where_it_stands(
    cast: Cast, signed_in: Callable[[User], Client]
) -> None:
    version = make.model_version(cast)
    first = make.risk(version, by=cast.ada)
    make.at_stage(version, "data", by=cast.ada)
    answer = signed_in(cast.ada).get(reverse("risk-edit", args=[first.pk]))
    assert answer.url == reverse("risk-edit", args=[Risk.objects.get(carried_from=first).pk])


@pytest.mark.parametrize(("make_version", "kind"), [(make.ready_version, "quiet"), (make.signed_version, "")])
def test_a_move_is_the_main_button_only_where_the_gate_lets_it_through(
    cast: Cast, signed_in: Callable[[User], Client], make_version: Callable[[Cast], ModelVersion], kind: str
) -> None:
    version = make_version(cast)
    for section in ("version", "version-evidence"):
        page = signed_in(cast.ada).get(reverse(section, args=[version.pk]))
        assert [each.get("kind", "") for each in page.context["page"]["actions"] if "Move" in each["title"]] == [kind]


def test_the_tab_of_the_evidence_counts_the_rows_of_its_page(cast: Cast, signed_in: Callable[[User], Client]) -> None:
    version = make.ready_version(cast)
    rows = [make.reading(slice=name) for name in ("overall", "worst", "race=a")]
    make.measured(version, by=cast.ada, readings=rows)
    page = signed_in(cast.ada).get(reverse("version-evidence", args=[version.pk]))
    (note,) = (each["note"] for each in page.context["tabs"] if each["key"] == "evidence")
    assert note == sum(len(group["measurements"]) + len(group["others"]) for group in page.context["groups"]) == 2


def test_a_reader_sees_no_id_of_a_requirement(cast: Cast, signed_in: Callable[[User], Client]) -> None:
    version = make.ready_version(cast)
    page = signed_in(cast.ada).get(reverse("version", args=[version.pk])).content.decode()
    assert 'title="sign_off:' in page
    assert ">sign_off:" not in page
    assert ">threshold:" not in page
