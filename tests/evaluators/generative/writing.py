"""Scripted models that write what a rule says, so that every rate is known beforehand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.contract import Reading, Subject
from evaluators.evaluate import silent
from evaluators.generative.asking import Asked, Exchange, Prompt, ask_model
from evaluators.models.model import PROMPTS, Model
from tests.evaluators.data import subject, write_csv


def writer(rule: Callable[[str], str]) -> Model:
    """A model that writes what the rule says to each prompt."""
    return Model(
        inputs=PROMPTS,
        score_kind="label",
        ask=lambda prompts: np.zeros((len(prompts), 1)),
        write=lambda prompts: [rule(prompt) for prompt in prompts],
    )


def answers(model: Model, prompts: Sequence[Prompt], *, seconds: float = 600) -> Asked:
    return ask_model(model, prompts, seconds=seconds, progress=silent)


def exchanged(outputs: Iterable[str], **facts: str) -> Asked:
    """Each output as the answer to a prompt of its own."""
    found = [Exchange(Prompt(f"prompt {i}", **facts), output) for i, output in enumerate(outputs)]
    return Asked(found, {"units_done": len(found), "budget_exhausted": False, "queries": 0})


def outputs_subject(where: Path, columns: Mapping[str, Sequence[Any]]) -> Subject:
    """A table with columns text and output, and label, cluster and group where given."""
    roles: dict[str, Any] = {name: name for name in columns}
    return subject(write_csv(where / "outputs.csv", columns), columns=roles)


def overall(found: Mapping[tuple[str, str], Reading], metric: str) -> Reading:
    return found[metric, "overall"]
