"""What an attack climbs: losses per row from logits and the right class."""

from typing import Any

from evaluators.libraries import library

TINY = 1e-12


def cross_entropy(logits: Any, labels: Any) -> Any:
    return library("torch").nn.functional.cross_entropy(logits, labels, reduction="none")


def margin(logits: Any, labels: Any) -> Any:
    """The best other logit less the right one: above 0 the row is misclassified."""
    right = logits.gather(1, labels[:, None]).squeeze(1)
    return _without(logits, labels).amax(dim=1) - right


def logits_ratio(logits: Any, labels: Any) -> Any:
    """The margin over the distance from the first to the third logit, which no rescaling of the logits changes.

    With two classes there is no third, and it is the margin itself.
    """
    if logits.shape[1] < 3:
        return margin(logits, labels)
    ordered = logits.sort(dim=1, descending=True).values
    return margin(logits, labels) / (ordered[:, 0] - ordered[:, 2] + TINY)


def targeted(logits: Any, labels_and_targets: Any) -> Any:
    """The target's logit less the right one's, scale-free from four classes on. Takes two columns: label, target."""
    labels, wanted = labels_and_targets.unbind(dim=1)
    right = logits.gather(1, labels[:, None]).squeeze(1)
    target = logits.gather(1, wanted[:, None]).squeeze(1)
    if logits.shape[1] < 4:
        return target - right
    ordered = logits.sort(dim=1, descending=True).values
    return (target - right) / (ordered[:, 0] - (ordered[:, 2] + ordered[:, 3]) / 2 + TINY)


def targets(logits: Any, labels: Any, rank: int) -> Any:
    """The wrong class at that rank, 1 being the most likely."""
    return _without(logits, labels).argsort(dim=1, descending=True)[:, rank - 1]


def _without(logits: Any, labels: Any) -> Any:
    return logits.scatter(1, labels[:, None], float("-inf"))
