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
