"""What a run is given to measure on: tables, a second model, and how the subject of its job follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypedDict

from evaluators.contract import ROLES
from registry.models import Artifact, ArtifactFile, DatasetVersion, Evaluation, LineageEdge, ModelVersion
from registry.services.artifacts import blob_path

# What an evaluator may need to be told beside columns.
DECLARED = {
    "favourable": "say which value counts as favourable",
    "score_kind": "say what kind of number the score is",
}
# What comes out of the model where the model itself is run, and out of the table where it isn't.
PREDICTED = ("prediction", "score", "score_kind", "probability", "output")
FILES = frozenset({"table", "reference", "model", "baseline"})
COLUMNS = ("label", "prediction", "score", "group", *ROLES)
Facts = Mapping[str, Any]
Errors = dict[str, list[str]]


class Brought(TypedDict, total=False):
    """The same as keywords."""

    table: Artifact | None
    reference: Artifact | None
    baseline: ModelVersion | None
    dataset_version: DatasetVersion | None


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """A table of rows, a second one to compare with, and the other model."""

    table: Artifact | None = None
    reference: Artifact | None = None
    baseline: ModelVersion | None = None
    dataset_version: DatasetVersion | None = None

    @classmethod
    def of(cls, run: Evaluation) -> "Inputs":
        """Those of a run that was asked for before."""
        return cls(**{field.name: getattr(run, field.name) for field in fields(cls)})

    def as_brought(self) -> Brought:
        """The same as keywords of a request, and as the columns of an evaluation's row."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[return-value]

    def digests(self, version: ModelVersion) -> list[str | None]:
        """What all bytes that are read are known by, and what they stand for: the same run has the same."""
        return [
            version.root_digest,
            self.table.manifest_digest if self.table else None,
            self.reference.manifest_digest if self.reference else None,
            self.baseline.root_digest if self.baseline else None,
            str(self.dataset_version.pk) if self.dataset_version else None,
        ]


def file_roles(facts: Facts) -> set[str]:
    """Every file that an evaluator can make use of.

    What may be compared with is a file or a column, and what is optional doesn't say which: a model is a file to an
    evaluator that runs models, and other models' scores stand in columns where members are told from others.
    """
    needs = facts["needs"]
    required, optional = set(needs.get("files", ())), set(needs.get("optional", ())) & FILES
    if "model" not in required:
        optional.discard("baseline")
    if "member" in needs.get("columns", ()):
        optional.discard("reference")
    return required | optional


def column_roles(facts: Facts) -> list[str]:
    """Every column that an evaluator can make use of, those first that it must have."""
    needs = facts["needs"]
    optional = (role for role in needs.get("optional", ()) if role not in file_roles(facts))
    roles = [*needs.get("columns", ()), *optional]
    return list(dict.fromkeys(role for role in roles if role in COLUMNS))


def runs_model(version: ModelVersion, facts: Facts, reads: Mapping[str, Any]) -> bool:
    """Whether the run opens the model: because it must, or because nobody names a column of predictions."""
    files, columns = facts["needs"].get("files", ()), reads.get("columns") or {}
    may = "model" in file_roles(facts) and version.artifact is not None and version.artifact.is_held
    return "model" in files or (may and not any(columns.get(role) for role in PREDICTED))


def features_of(facts: Facts, reads: Mapping[str, Any]) -> list[str]:
    """The columns in the role of a feature where that can only mean what the model is given, in its order.

    They are part of the specification: who asks for what a policy prescribes doesn't choose the model's inputs.
    """
    roles = (*facts["needs"].get("columns", ()), *facts["needs"].get("optional", ()))
    return _played(reads, "feature") if "features" in roles and "feature" not in roles else []


def _played(reads: Mapping[str, Any], role: str) -> list[str]:
    """The columns that play a role, of which a single one may be written as a text."""
    found = (reads.get("columns") or {}).get(role) or []
    return [found] if isinstance(found, str) else list(found)


def subject_kind(version: ModelVersion, facts: Facts, reads: Mapping[str, Any], *, table: Artifact | None) -> str:
    """What the run measures: files alone, a table alone, or the model on a table."""
    if table is None:
        return "files"
    return "model" if runs_model(version, facts, reads) else "table"


def problems(version: ModelVersion, facts: Facts, inputs: Inputs, reads: Mapping[str, Any]) -> Errors:
    """What is missing or doesn't fit, by the name of the input."""
    files = facts["needs"].get("files", ())
    errors = _itself(version, inputs)
    for role, what in (("table", "a table of rows to measure on"), ("reference", "a second table to compare with")):
        artifact = getattr(inputs, role)
        if role in files and artifact is None:
            errors[role] = [f"bring {what}"]
        if artifact is not None and (artifact.team_id != version.team_id or not artifact.is_held):
            errors[role] = ["there is no such table whose bytes are held here"]
        elif artifact is not None and artifact.files.count() != 1:
            errors[role] = ["a table is one file, and this has several: which of them is meant?"]
    if "model" in files and not (version.artifact and version.artifact.is_held):
        errors["model"] = ["the model's bytes are not held here, only their digests"]
    errors |= (
        _unread(version, facts, inputs, reads)
        | _unused(facts, inputs)
        | _baseline_problems(version, files, inputs.baseline)
    )
    by_model = runs_model(version, facts, reads)
    errors |= _undeclared(facts, reads, by_model=by_model) | (_told_the_truth(reads) if by_model else {})
    if inputs.dataset_version is not None and not _pins(version, inputs.dataset_version):
        errors["dataset_version"] = [f"{version} does not pin it"]
    return errors


def _unread(version: ModelVersion, facts: Facts, inputs: Inputs, reads: Mapping[str, Any]) -> Errors:
    """A table that is named by its columns, or that stands for a model that can't be run, has to be there."""
    named = any((reads.get("columns") or {}).get(role) for role in column_roles(facts))
    is_needed = "model" in file_roles(facts) and not runs_model(version, facts, reads)
    if inputs.table is None and "table" in file_roles(facts) and (named or is_needed):
        return {"table": ["bring a table of rows to measure on"]}
    return {}


def _unused(facts: Facts, inputs: Inputs) -> Errors:
    """What would be brought in vain: a run must not look as though it rested on what nobody read."""
    known = file_roles(facts)
    given = {"table": inputs.table, "reference": inputs.reference, "baseline": inputs.baseline}
    return {role: ["this evaluator reads none"] for role, thing in given.items() if thing and role not in known}


def _baseline_problems(version: ModelVersion, files: Sequence[str], baseline: ModelVersion | None) -> Errors:
    if baseline is None:
        return {"baseline": ["say which version to compare with"]} if "baseline" in files else {}
    if baseline.team_id != version.team_id:
        return {"baseline": ["there is no such version in this team"]}
    if not (baseline.artifact and baseline.artifact.is_held):
        return {"baseline": [f"the bytes of {baseline} are not held here, only their digests"]}
    return {}


def _itself(version: ModelVersion, inputs: Inputs) -> Errors:
    """A table that is compared with itself has not drifted, and a model does no worse than itself."""
    errors: Errors = {}
    if inputs.table and inputs.reference and _contents(inputs.table) == _contents(inputs.reference):
        errors["reference"] = ["it holds the same bytes as the table: compared with itself nothing differs"]
    if inputs.baseline and _contents(inputs.baseline.artifact) == _contents(version.artifact):
        errors["baseline"] = [f"{inputs.baseline} has the same files: compared with itself nothing differs"]
    return errors


def _contents(artifact: Artifact | None) -> frozenset[str]:
    """The bytes, whatever they are called."""
    return frozenset(artifact.files.values_list("sha256", flat=True)) if artifact else frozenset()


def _undeclared(facts: Facts, reads: Mapping[str, Any], *, by_model: bool) -> Errors:
    roles = [role for role in facts["needs"].get("columns", ()) if not (by_model and role in PREDICTED)]
    missing = {role: [DECLARED[role]] for role in roles if role in DECLARED and not reads.get(role)}
    columns = [role for role in roles if role not in DECLARED and not reads["columns"].get(role)]
    return missing | {f"columns.{role}": ["name the column"] for role in columns}


def _told_the_truth(reads: Mapping[str, Any]) -> Errors:
    label = (reads.get("columns") or {}).get("label")
    if label and label in _played(reads, "feature"):
        return {"columns.feature": [f"{label} is the true label, so the model can't be given it as well"]}
    return {}


def _pins(version: ModelVersion, dataset: DatasetVersion) -> bool:
    return LineageEdge.objects.filter(child_model=version, parent_dataset=dataset).exists()


def files_of(run: Evaluation) -> dict[str, dict[str, str]]:
    """The files of a run's job by their role: a model of several files has a role for each."""
    files: dict[str, dict[str, str]] = {}
    if run.subject["kind"] != "table":
        files |= _model_files("model", run.version)
    if run.baseline is not None:
        files |= _model_files("baseline", run.baseline)
    for role in ("table", "reference"):
        artifact: Artifact | None = getattr(run, role)
        for file in artifact.files.all()[:1] if artifact else ():
            files[role] = _named(file)
    return files


def _model_files(role: str, version: ModelVersion) -> dict[str, dict[str, str]]:
    artifact = version.artifact
    held = list(artifact.files.all()) if artifact is not None and artifact.is_held else []
    return {role if len(held) == 1 else f"{role}/{file.name}": _named(file) for file in held}


def _named(file: ArtifactFile) -> dict[str, str]:
    return {"path": str(blob_path(file.sha256)), "sha256": file.sha256, "name": file.name}
