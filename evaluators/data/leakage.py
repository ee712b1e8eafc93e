"""Leakage: rows that were seen in training, and features that give the outcome away."""

from collections.abc import Mapping
from typing import Any

from evaluators.contract import OVERALL, Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.counting import how_many
from evaluators.data.duplicates import NEAR_PARAMETERS
from evaluators.data.overlap import measure_overlap, split_table
from evaluators.data.proxies import told_by
from evaluators.exact import counted, insufficient, not_applicable, table
from evaluators.subjects.columns import Columns, open_columns, used_columns
from evaluators.support import MINIMUM, rate_reading

OVERLAP = "data.leakage.train_test_overlap"
TARGET = "data.leakage.target_proxy"
AMONG = {"near": "rows", "entity": "rows", "future": "reference rows"}
SHOWN = 50


class Leakage:
    """Overlap with the reference file, or with the rows that the split column calls train; and target proxies.

    Slices of the overlap: overall (exact), near, entity (an identifier in both), future (reference rows later than
    the earliest row of the table). Evidence `train_test_overlap`: row, and the reference row that equals it;
    `target_proxies`: feature, strength, AUC, share of the outcome's entropy.
    """

    id = "data.leakage"
    version = "3"
    title = "Leakage between training and test, and of the outcome"
    input_kind = "D"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": ("reference", "label", "feature", "features", "text", "split", "cluster", "time"),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        **NEAR_PARAMETERS,
        "strength": {
            "type": "number",
            "default": 0.99,
            "minimum": 0.6,
            "maximum": 1,
            "title": "AUC or share of information from which a feature gives the outcome away",
        },
    }
    metrics = (
        Metric(id=OVERLAP, title="Rows that the training data holds", direction=Direction.LOWER),
        Metric(id=TARGET, title="Features that give the outcome away", direction=Direction.LOWER, unit="features"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the tables")
        first, second = _tables(subject)
        statistics: Json = {"overlap": None, "target": None}
        evidence = []
        if second is not None:
            statistics["overlap"], rows = measure_overlap(first, second, subject, params, seed=seed)
            titles = ["kind", "row", "row of the training data"]
            evidence.append(table("train_test_overlap", "Rows that the training data holds", titles, rows))
        progress(0.5, "looking at single features")
        if subject.label:
            found = _strengths(first, subject)
            strong = [row for row in found if row[1] >= params["strength"]]
            statistics["target"] = {
                "n": first.n,
                "outcomes": len(first.data[subject.label].values),
                "features": len(found),
                "strong": strong[:SHOWN],
                "count": len(strong),
            }
            titles = ["feature", "strength", "AUC", "share of the entropy"]
            evidence.append(table("target_proxies", "What single features tell of the outcome", titles, found))
        return Measured(statistics=statistics, evidence=tuple(evidence))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        readings = _overlap_readings(statistics["overlap"], common)
        target = statistics["target"]
        if target is None:
            return [*readings, not_applicable(TARGET, "no label column was declared", common=common)]
        if target["n"] < MINIMUM or target["outcomes"] < 2:
            have = f"{how_many(target['n'], 'rows')} with {how_many(target['outcomes'], 'different outcomes')}"
            reason = f"{have}; it takes {MINIMUM} rows and two"
            return [*readings, insufficient(TARGET, reason, common=common, n=target["n"])]
        detail = {"features": target["features"], "strong": target["strong"]}
        return [*readings, counted(TARGET, target["count"], common=common, detail=detail, n=target["n"])]


def _tables(subject: Subject) -> tuple[Columns, Columns | None]:
    """The table, and the reference if there is a file or a split column. Features, or all columns without any."""
    names = list(used_columns(subject))
    if names:
        names += [subject.label] if subject.label else []
        names += [name for role in ("split", "cluster", "time") for name in subject.roles.get(role, ())]
    first = open_columns(subject, names=names)
    if "reference" in subject.files:
        return first, open_columns(subject, role="reference", names=names)
    if subject.roles.get("split"):
        return split_table(first, subject.column("split"))
    return first, None


def _strengths(columns: Columns, subject: Subject) -> list[list[Any]]:
    """Feature, strength, AUC and share of entropy, the strongest first."""
    outcome = columns.data[subject.label or ""].codes
    left_out = {subject.label, subject.prediction, subject.score, *subject.roles.get("split", ())}
    rows: list[list[Any]] = []
    for name in columns.names:
        if name in left_out:
            continue
        told = told_by(columns.data[name], outcome)
        auc = told.auc.auc if told.auc else None
        rows.append([name, told.strength, auc, told.information])
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _overlap_readings(overlap: Mapping[str, Any] | None, common: Json) -> list[Reading]:
    if overlap is None:
        return [not_applicable(OVERLAP, "neither a reference file nor a split column was declared", common=common)]
    shared = {"level": common["level"], "statistics": common["statistics"]}
    readings = [rate_reading(OVERLAP, OVERALL, overlap["exact"], overlap["n"], among="rows", **shared)]
    for slice_, among in AMONG.items():
        if overlap[slice_] is not None:
            m = overlap["reference_n"] if slice_ == "future" else overlap["n"]
            readings.append(rate_reading(OVERLAP, slice_, overlap[slice_], m, among=among, **shared))
    return readings
