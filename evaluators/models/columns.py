"""The columns that a model was fitted with, and those that somebody declares."""

from collections.abc import Sequence

from evaluators.contract import SubjectError

SHOWN = 20


def check_declared(declared: Sequence[str], fitted: Sequence[str], name: str) -> None:
    """Raise SubjectError unless they are the same, in any order: no other column is ever read in silence."""
    odd = sorted(set(declared) ^ set(fitted)) if declared and fitted else []
    if odd:
        known = ", ".join(fitted[:SHOWN]) + (", …" if len(fitted) > SHOWN else "")
        raise SubjectError(
            f"{name}: the declared features and those the model was fitted with differ in {odd[0]!r}; "
            f"it was fitted with {known}"
        )


def check_untold(label: str | None, read: Sequence[str], name: str) -> None:
    """Raise SubjectError if the model would read the column of the true label: it would only repeat what it is told."""
    if label is not None and label in read:
        raise SubjectError(f"{name}: the model would read {label!r}, which is declared as the true label")
