"""Membership inference: can somebody who asks the model tell which rows it was trained on?"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from evaluators.arithmetic.draws import generator
from evaluators.arithmetic.ranks import delong
from evaluators.budget import BUDGET_PARAMETERS
from evaluators.contract import Evidence, Json, Measured, Progress, Reading, Subject, Undeclared
from evaluators.inputs.files import has_model
from evaluators.models.opening import open_model
from evaluators.privacy.asked import asked_game
from evaluators.privacy.brought import brought_game
from evaluators.privacy.games import Game, Signal, signals
from evaluators.privacy.learners import out_of_fold, trees
from evaluators.privacy.membership_readings import membership_readings
from evaluators.privacy.metrics import ATTACKS, BLIND, MEMBERSHIP_METRICS, TITLES
from evaluators.privacy.separation import curve, separation
from evaluators.support import MINIMUM

RATES = [0.01, 0.001]
BLIND_ROWS = 20_000


class Membership:
    """Reads scores with a column that says who was a member; or asks a model about its training rows and others.

    Evidence `roc`: the curve of every attack on a logarithmic scale of false alarms.
    """

    id = "privacy.membership"
    version = "3"
    title = "Membership inference"
    input_kind = "MD"
    cost_class = "D"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {
        "files": ("table",),
        "columns": (),
        "optional": (
            *("member", "score", "score_kind", "reference", "cluster", "feature"),
            *("model", "label", "features", "text"),
        ),
    }
    parameters: Mapping[str, Mapping[str, Any]] = {
        "fpr": {
            "type": "number",
            "default": 0.001,
            "enum": [0.1, 0.01, 0.001],
            "title": "Rate of false alarms at which members found are judged",
        },
        "score_is_loss": {"type": "boolean", "default": False, "title": "The scores are losses (cross-entropy)"},
        "shadows": {
            "type": "integer",
            "default": 16,
            "minimum": 0,
            "maximum": 256,
            "title": "Shadow models trained, each on half of the rows",
        },
        "rows": {
            "type": "integer",
            "default": 10_000,
            "minimum": 20,
            "maximum": 200_000,
            "title": "Rows of each side used at most",
        },
        "gamma": {
            "type": "number",
            "default": 1.0,
            "minimum": 0.1,
            "maximum": 10,
            "title": "Ratio that counts in RMIA",
        },
        "interpolation": {
            "type": "number",
            "default": 0.3,
            "minimum": 0,
            "maximum": 1,
            "title": "Weight in RMIA of models not trained on the row, where it can't be tuned",
        },
        **BUDGET_PARAMETERS,
    }
    metrics = MEMBERSHIP_METRICS

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        progress(0.0, "reading the rows")
        facts: Json = {}
        if "member" in subject.roles or subject.score:
            game = brought_game(subject, params)
        elif not has_model(subject):
            raise Undeclared(
                "columns declared as member and score are needed, how sure the model is of every row; or a model to "
                "ask, a table of rows it was trained on, and a reference table of rows it was not"
            )
        else:
            model = open_model(subject)
            if model.score_kind not in ("probability", "logit"):
                return Measured(statistics=_impossible(f"the model answers with a {model.score_kind}", params))
            game, facts = asked_game(subject, model, params, seed=seed, progress=progress)
        progress(0.8, "comparing members with others")
        found = signals(game, gamma=params["gamma"], interpolation=params["interpolation"])
        statistics = _statistics(game, found, params) | {"facts": facts} | _blind(game, seed)
        return Measured(statistics=statistics, evidence=(Evidence(name="roc", data=_drawn(game, found)),))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        return [reading.sound() for reading in membership_readings(statistics, level=level)]


def _statistics(game: Game, found: Mapping[str, Signal], params: Mapping[str, Any]) -> Json:
    rates = sorted({*RATES, params["fpr"]}, reverse=True)
    attacks: Json = {}
    for name, signal in found.items():
        if signal.values is None:
            attacks[name] = {"reason": signal.reason}
        else:
            attacks[name] = separation(signal.values, game.member, rates=rates, cluster=game.cluster)
            attacks[name]["facts"] = signal.facts
    return {"attacks": attacks, "judged": params["fpr"]}


def _impossible(reason: str, params: Mapping[str, Any]) -> Json:
    reason = f"{reason}, and how sure it is of a row's true class is needed"
    attacks = {name: {"reason": reason} for name in ATTACKS}
    return {"attacks": attacks, "judged": params["fpr"], "blind": None, "blind_reason": reason, "facts": {}}


def _blind(game: Game, seed: int) -> Json:
    """A classifier that reads the rows and never the model. If it tells members apart, the two sides differ anyway."""
    if game.blind is None:
        return {"blind": None, "blind_reason": "no columns were declared that say what the rows are (feature)"}
    if min(game.member.sum(), (~game.member).sum()) < MINIMUM:
        return {"blind": {"positives": int(game.member.sum()), "negatives": int((~game.member).sum())} | _NO_AREA}
    rng = generator(seed, BLIND)
    rows, member = game.blind, game.member
    if len(rows) > BLIND_ROWS:
        order = np.lexsort((*rows.T, member))
        chosen = rng.choice(order, size=BLIND_ROWS, replace=False)
        rows, member = rows[chosen], member[chosen]
    guessed = out_of_fold(rows, member.astype(np.int64), trees, rng=rng)
    return {"blind": delong(guessed[:, -1], member).as_statistics()}


_NO_AREA = {"auc": None, "variance": None}


def _drawn(game: Game, found: Mapping[str, Signal]) -> Json:
    series = [
        {"name": TITLES[name], "points": curve(signal.values, game.member)}
        for name, signal in found.items()
        if signal.values is not None
    ]
    return {
        "draw": "curve",
        "title": "Members found, by rate of false alarms",
        "x_label": "share of non-members taken for members",
        "y_label": "share of members found",
        "x_scale": "log",
        "series": series,
        "reference": [[rate, rate] for rate in (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)],
    }
