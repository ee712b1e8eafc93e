"""Ask a model behind an address, within a number of queries.

{
  "url": "http://localhost:8080",
  "protocol": "assay" | "kserve-v2" | "openai-chat",
  "inputs": "rows" | "texts" | "prompts",
  "output": "probability" | "logit" | "label" | "value",
  "classes": ["no", "yes"],     in the order of the scores
  "model": "name",              for the last two protocols
  "batch": 64, "timeout_s": 30, "max_queries": 10000,
  "token_env": "ASSAY_ENDPOINT_TOKEN"
}
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluators.arithmetic.counts import FloatArray
from evaluators.contract import EvaluatorError, Subject, SubjectError
from evaluators.models.heads import checked_classes
from evaluators.models.model import PROMPTS, ROWS, TEXTS, VALUE, Model, NotOffered
from evaluators.models.protocols import Chat, OpenInference, Own, Speech
from evaluators.models.wire import Wire, checked, token_from

PROTOCOLS = ("assay", "kserve-v2", "openai-chat")
OUTPUTS = ("probability", "logit", "label", VALUE)
NUMBERS: Mapping[str, tuple[float, float, float]] = {
    "batch": (64, 1, 10_000),
    "timeout_s": (30, 0.05, 600),
    "max_queries": (10_000, 1, 10_000_000),
}
KEYS = ("classes", "inputs", "model", "output", "protocol", "token_env", "url", *NUMBERS)


class BudgetSpent(EvaluatorError):
    """No further query may be made; what was measured before is sound."""


@dataclass
class Asked:
    """How many inputs may still be sent. A repeated input is a query like any other."""

    allowed: int
    used: int = 0

    def take(self, count: int) -> str:
        """Words for the next `count` inputs. Raises BudgetSpent if they are too many."""
        if self.used + count > self.allowed:
            raise BudgetSpent(f"{self.used:,} of {self.allowed:,} queries are spent, and {count:,} more are needed")
        self.used += count
        return f"inputs {self.used - count + 1} to {self.used}"


def open_endpoint(subject: Subject) -> Model:
    """The model behind the subject's endpoint; nothing is asked yet. Raises SubjectError naming what is wrong."""
    about = _checked(subject)
    classes = tuple(about["classes"])
    wire = Wire(url=about["url"], timeout_s=about["timeout_s"], token=token_from(about.get("token_env")))
    asked = Asked(int(about["max_queries"]))
    wire.facts |= {"protocol": about["protocol"], "max_queries": asked.allowed}
    speech: Speech | Chat
    if about["protocol"] == "assay":
        speech = Own(wire, classes)
    elif about["protocol"] == "kserve-v2":
        speech = OpenInference(wire, about["model"])
    else:
        speech = Chat(wire, about["model"], classes)

    def ask(inputs: Any) -> FloatArray:
        if about["inputs"] == PROMPTS and not classes:
            raise NotOffered("the endpoint writes texts and names no classes, so it can't be asked for one")
        return speech.scores(inputs, asked.take(len(inputs)))

    return Model(
        inputs=about["inputs"],
        score_kind=about["output"],
        ask=ask,
        write=_writing(speech, asked) if isinstance(speech, Chat) else None,
        classes=classes,
        features=subject.features,
        batch=1 if isinstance(speech, Chat) else int(about["batch"]),
        accepts_missing=about["protocol"] == "assay",
        facts=wire.facts,
    )


def _writing(speech: Chat, asked: Asked) -> Callable[[Sequence[str]], list[str]]:
    return lambda prompts: [speech.write(prompt, asked.take(1)) for prompt in prompts]


def _checked(subject: Subject) -> dict[str, Any]:
    about: dict[str, Any] = {name: default for name, (default, _, _) in NUMBERS.items()} | dict(subject.endpoint)
    unknown = sorted(set(about) - set(KEYS))
    if unknown:
        raise SubjectError(f"endpoint: unknown key {unknown[0]!r}; known: {', '.join(sorted(KEYS))}")
    checked(about.get("url", ""))
    if about.get("protocol") not in PROTOCOLS:
        raise SubjectError(f"endpoint: protocol is one of {', '.join(PROTOCOLS)}, not {about.get('protocol')!r}")
    for name, (_, lowest, highest) in NUMBERS.items():
        value = about[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value <= highest:
            raise SubjectError(f"endpoint: {name} lies between {lowest:g} and {highest:g}, not at {str(value)[:40]!r}")
    about["classes"] = checked_classes(list(about["classes"]), "endpoint") if about.get("classes") else ()
    if about["protocol"] != "assay" and not isinstance(about.get("model"), str):
        raise SubjectError(f"endpoint: the protocol {about['protocol']} needs the name of a model")
    about["inputs"] = about.get("inputs") or _inputs(subject, about["protocol"])
    about["output"] = _output(about)
    return about


def _inputs(subject: Subject, protocol: str) -> str:
    """Rows where features were declared, texts where a text column was; nothing is guessed where both or none were."""
    if protocol == "openai-chat":
        return PROMPTS
    has_rows, has_texts = bool(subject.features or subject.roles.get("feature")), "text" in subject.roles
    if has_rows == has_texts:
        raise SubjectError("endpoint: say whether its inputs are rows or texts, or declare features or a text column")
    return ROWS if has_rows else TEXTS


def _output(about: Mapping[str, Any]) -> str:
    is_chat, output = about["protocol"] == "openai-chat", about.get("output")
    allowed = {True: (PROMPTS,), False: (ROWS, TEXTS)}[is_chat]
    if about["inputs"] not in allowed:
        raise SubjectError(f"endpoint: the inputs of {about['protocol']} are {' or '.join(allowed)}")
    if is_chat and output in (None, "label"):
        return "label"
    if output not in OUTPUTS or is_chat:
        raise SubjectError(f"endpoint: output is one of {', '.join(OUTPUTS)} (chat gives labels), not {output!r}")
    if (output == VALUE) == bool(about["classes"]):
        raise SubjectError("endpoint: classes are named for every output but 'value'")
    return str(output)
