"""The refusals a verb can answer with. Doors translate them to status codes; nothing else does."""

from collections.abc import Mapping, Sequence
from typing import Any


class Refusal(Exception):
    """A verb was understood and refused. `detail` is for programs, the message for people."""

    status = 400
    title = "The request was refused"

    def __init__(self, message: str, *, detail: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.detail = dict(detail or {})


class InvalidInput(Refusal):
    """What was sent can't be used. `errors` maps a field to what is wrong with it."""

    status = 400
    title = "What was sent can't be used"

    def __init__(self, message: str, *, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(message, detail={"errors": {key: list(value) for key, value in (errors or {}).items()}})
        self.errors = self.detail["errors"]


class NotPermitted(Refusal):
    """This person may not do this, whatever the state of the thing."""

    status = 403
    title = "You may not do this"


class NotNow(Refusal):
    """The person may, but the state of the thing does not allow it at this moment."""

    status = 409
    title = "Not now"


class Settled(NotNow):
    """What was done once and for all is not done again, at no moment."""

    title = "This is done once"


class TransitionRefused(NotNow):
    """The gate stays shut. `requirements` are the ids that are not met."""

    title = "The gate is shut"

    def __init__(self, message: str, *, requirements: Sequence[str], verdict: Mapping[str, Any] | None = None) -> None:
        super().__init__(message, detail={"unmet": list(requirements), "verdict": dict(verdict or {})})
        self.requirements = list(requirements)


class TooLarge(Refusal):
    """An upload or a body is over its limit."""

    status = 413
    title = "Too large"
