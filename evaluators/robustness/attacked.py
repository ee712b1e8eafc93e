"""Measure a network under attack: counts of rows by what broke them, and the signs of hidden gradients."""

from collections.abc import Mapping
from typing import Any

from evaluators.arithmetic.counts import IntArray
from evaluators.arithmetic.draws import generator
from evaluators.budget import Budget
from evaluators.contract import Json, Progress, SubjectError
from evaluators.libraries import library
from evaluators.robustness.balls import Ball
from evaluators.robustness.cascade import PGD, SQUARE, WHITE_BOX, Cascade, Fates, curve, radii, summary
from evaluators.robustness.cases import Case
from evaluators.robustness.masking import TOLERANCE, Signs, answers, zero_gradients
from evaluators.robustness.networks import Network
from evaluators.robustness.pgd import pgd
from evaluators.robustness.surrogate import trained

PART = 512
Tally = dict[str, int]


def attack_case(
    network: Network, case: Case, *, ball: Ball, params: Mapping[str, Any], seed: int, progress: Progress
) -> Json:
    """Attack the rows part by part until the budget is spent. Yields counts, nothing per row."""
    cascade, budget, fates = Cascade(network, ball, params, seed), Budget(params["budget_s"]), Fates()
    said = check_agreement(network, case)
    stand_in = _stand_in(network, case, seed)
    radius = [Ball(ball.norm, float(value), ball.box) for value in radii(ball.epsilon, params["curve_points"])]
    tally: Tally = dict.fromkeys(("rows", "right", "pgd", "white", "black", "transfer", "zero", "cascade"), 0)
    stands = [0] * len(radius)
    for part in budget.parts(case.n, PART):
        progress(0.2 + 0.6 * part.start / case.n, f"attacking {part.stop - part.start} of {case.n} rows")
        rows, labels = network.tensor(case.rows[part]), network.codes(case.labels[part])
        for name, count in _attack_part(cascade, stand_in, rows, labels, fates).items():
            tally[name] += count
        stands = [a + b for a, b in zip(stands, curve(network, rows, labels, radius, params), strict=True)]
    is_right = network.codes(said) == network.codes(case.labels)
    right = network.tensor(case.rows)[is_right]
    return {
        "norm": ball.norm,
        "epsilon": ball.epsilon,
        "tally": tally,
        "attacks": summary(fates),
        "curve": [[one.epsilon, count] for one, count in zip(radius, stands, strict=True)],
        "answers": answers(network, right if len(right) else network.tensor(case.rows)),
        "queries": network.queries,
        "gradients": network.gradients,
        **budget.facts,
    }


def signs(statistics: Mapping[str, Any]) -> Signs:
    tally = statistics["tally"]
    counts = {name: tally[name] for name in ("white", "black", "transfer", "zero")}
    return Signs(rows=tally["right"], **counts, **statistics["answers"])


def check_agreement(network: Network, case: Case) -> IntArray:
    """The model's labels. Raises SubjectError if the network that is attacked is not the model that answers."""
    asked = case.predicted()
    inside = network.labels(network.tensor(case.rows)).cpu().numpy()
    unlike = (asked != inside).nonzero()[0]
    # Logits that are all but equal may fall to either side in another precision.
    if len(unlike) > 0.01 * case.n + 1:
        row = int(case.numbers[unlike[0]])
        raise SubjectError(
            f"{case.name}: row {row}: the network and the model's own answers disagree here and in "
            f"{len(unlike) - 1} more of {case.n} rows, so an attack on the network would say nothing"
        )
    return asked


def _stand_in(network: Network, case: Case, seed: int) -> Network:
    rows = network.tensor(case.rows)
    return trained(network, rows, network.labels(rows), generator(seed, "stand-in"))


def _attack_part(cascade: Cascade, stand_in: Network, rows: Any, labels: Any, fates: Fates) -> Tally:
    network = cascade.network
    is_right = network.labels(rows) == labels
    tally = {"rows": len(rows), "right": int(is_right.sum())}
    rows, labels = rows[is_right], labels[is_right]
    if not len(rows):
        return tally
    by_attack = cascade.run(rows, labels, fates)
    white = library("torch").stack([by_attack[name] for name in WHITE_BOX]).any(dim=0)
    transferred = _transfer(cascade, stand_in, rows, labels)
    return tally | {
        "pgd": int(by_attack[PGD].sum()),
        "white": int(white.sum()),
        "cascade": int((white | by_attack[SQUARE]).sum()),
        "black": _black_box(cascade, rows, labels, white, by_attack[SQUARE]),
        "transfer": int(transferred.sum()),
        "zero": zero_gradients(network, rows, labels),
    }


def _black_box(cascade: Cascade, rows: Any, labels: Any, white: Any, square: Any) -> int:
    """How many rows Square breaks in all.

    The cascade showed it the survivors of the gradients only. Unless it broke enough of those, it can't have broken
    more than the gradients in all, and the others needn't be tried.
    """
    among_survivors = int(square.sum())
    if among_survivors <= TOLERANCE * len(rows) or not bool(white.any()):
        return among_survivors
    also, _ = cascade.square(rows[white], labels[white])
    return among_survivors + int(also.sum())


def _transfer(cascade: Cascade, stand_in: Network, rows: Any, labels: Any) -> Any:
    """Which rows fall to points that were made on the stand-in, pushed to the rim of the ball."""
    steps, rng = cascade.params["steps"], generator(cascade.seed, "transfer")
    fell, points = pgd(stand_in, rows, labels, ball=cascade.ball, steps=steps, restarts=1, rng=rng)
    far = cascade.ball.around(rows, rows + 1e6 * (points - rows))
    tried = library("torch").where(fell[:, None], far, points)
    return cascade.network.labels(tried) != labels
