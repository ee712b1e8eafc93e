"""A measured figure, and how it is said."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measurement of ours beside its rival's, in the same unit, and their ratio where one is claimed."""

    name: str
    value: float
    unit: str
    against: str
    rival: float | None = None
    ratio: float | None = None
    aim: str = ""
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """A JSON-ready copy."""
        return asdict(self)


def as_line(figure: Figure) -> str:
    """The figure in one line for people."""
    ratio = "" if figure.ratio is None else f"  ratio {figure.ratio:,.3g}"
    rival = "" if figure.rival is None else f" against {figure.rival:,.4g} {figure.unit} of {figure.against}"
    aim = f"  (aim {figure.aim})" if figure.aim else ""
    note = f"  {figure.note}" if figure.note else ""
    return f"{figure.name}: {figure.value:,.4g} {figure.unit}{rival}{ratio}{aim}{note}"
