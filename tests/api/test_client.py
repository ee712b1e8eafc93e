"""The command line speaks to a real server, and gets the answers it is written for."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import call_command

from registry.management.assay import DONE, REFUSED, UNDECIDED, main
from registry.models import Artifact
from registry.models.choices import Role
from registry.services import people
from tests import make
from tests.databases import speaking_as
from tests.people import Cast

NAME = "lending/mortgage-approval@1"
Run = Callable[..., int]


@pytest.fixture
def run(live_url: str, committed_cast: Cast) -> Run:
    def with_token(*arguments: str) -> int:
        return main(["--url", live_url, "--token", committed_cast.secret, *arguments])

    return with_token


def test_a_pipeline_registers_measures_moves_and_asks(
    run: Run, committed_cast: Cast, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make.active_policy(committed_cast, on=make.project(committed_cast))
    files = {"loans.csv": b"a,b\n", "model.bin": b"weights", "predictions.csv": make.table()}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    assert run("register-dataset", "lending/loans@1", "--file", str(tmp_path / "loans.csv")) == DONE
    trained = ("--trained-on", "lending/loans@1")
    assert run("register", NAME, "--file", f"model/weights.bin={tmp_path / 'model.bin'}", *trained) == DONE
    assert run("register", NAME) == REFUSED
    assert run("transition", NAME, "data") == DONE
    assert run("transition", NAME, "inference") == REFUSED
    columns = ("--column", "label=approved", "--column", "prediction=predicted", "--column", "group=race")
    table = ("--table", str(tmp_path / "predictions.csv"), "--favourable", "1", "--dataset", "lending/loans@1")
    capsys.readouterr()
    asked = run("evaluate", NAME, "fairness.group", *table, *columns)
    said = capsys.readouterr().out
    assert (asked, said.startswith("Asked for the evaluation")) == (DONE, True), said
    assert run("status", said.split()[-1].rstrip(".")) == UNDECIDED
    assert run("review", NAME) in (REFUSED, UNDECIDED)
    assert "unblock" in capsys.readouterr().out
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    assert run("verdict", NAME, "--json", "--save", str(tmp_path / "no.json")) in (REFUSED, UNDECIDED)
    assert json.loads(capsys.readouterr().out)["version"] == NAME
    assert "payload" in json.loads((tmp_path / "no.json").read_text())
    assert run("verdict", "lending/none@1") == UNDECIDED


@pytest.mark.parametrize("given", ["--file", "--digest-file"])
def test_files_go_to_the_team_in_the_name(run: Run, committed_cast: Cast, tmp_path: Path, given: str) -> None:
    cast, file = committed_cast, tmp_path / "files.json"
    file.write_text(json.dumps([{"name": "a.csv", "size": 3, "sha256": "0" * 64}]))
    assert run("register-dataset", "marketing/visits@1", given, str(file)) == REFUSED
    assert not Artifact.objects.exists()
    people.add_member(cast.marketing, person=cast.pipeline, role=Role.CONTRIBUTOR, by=cast.olga)
    type(cast.token).objects.update(team_ids=[cast.lending.pk, cast.marketing.pk])
    for name in ("marketing/visits@1", "lending/visits@1"):
        assert run("register-dataset", name, given, str(file)) == DONE
    assert [each.team.slug for each in Artifact.objects.order_by("created_at")] == ["marketing", "lending"]


def test_a_pipeline_reads_a_yes_from_the_exit_code(
    run: Run, committed_cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    version = make.approved_version(committed_cast)
    with speaking_as("assay_notary"):
        call_command("notary", once=True)
    assert run("verdict", str(version)) == DONE
    assert run("verdict", "--digest", version.root_digest) == DONE
    said = capsys.readouterr().out
    assert said.count("APPROVED") == 2
    assert said.count(" UTC; this signed answer is valid until ") == 2
    assert said.count("approved until ") == 2
