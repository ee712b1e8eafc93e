"""How much of a document is answered, and which of its questions apply at all."""

from collections.abc import Iterable
from dataclasses import dataclass

from registry.cards.answers import Answers, NotApplicable, Text, Unknown
from registry.cards.schemas import Question, Schema


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of the required among some questions: how many there are, are answered, and are said to be not known.

    What is not known is not answered; what is left of `asked` was not written at all.
    """

    asked: int
    answered: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class Completeness:
    """Required questions answered out of those asked.

    `missing` are required questions without an answer, in the schema's order; `unknown_slugs` are all asked questions
    answered with `unknown`, required or not. Both hold `section.slug` keys. `not applicable` counts as answered, but
    where nothing else was said of any required question there is nothing to measure, and `fraction` is None.
    """

    required_answered: int
    required_applicable: int
    missing: tuple[str, ...]
    unknown_slugs: tuple[str, ...]
    applies: bool

    @property
    def fraction(self) -> float | None:
        """The share answered from 0 to 1; None, not 1, when no required question applies."""
        return self.required_answered / self.required_applicable if self.applies else None


def concerns_people(schema: Schema, answers: Answers) -> bool:
    """Whether the people questions are asked: always, unless the first gate says no and no other gate says otherwise.

    A gate that is unknown, inherited or not yet answered doesn't rule people out.
    """
    if not schema.gates:
        return True
    first, *others = (answers.get(gate.key) for gate in schema.gates)
    says_no = Text("no")
    return first != says_no or any(answer not in (None, says_no) for answer in others)


def asked_questions(schema: Schema, answers: Answers) -> dict[str, Question]:
    """The questions that apply to this subject, by key, given what the gates say."""
    people = concerns_people(schema, answers)
    return {key: question for key, question in schema.questions.items() if people or not question.people}


def count_required(questions: Iterable[Question], answers: Answers) -> Counts:
    """The one rule of what counts as answered, for a whole document and for each of its sections."""
    given = [answers.get(question.key) for question in questions if question.required]
    unknown = sum(isinstance(answer, Unknown) for answer in given)
    return Counts(asked=len(given), answered=sum(answer is not None for answer in given) - unknown, unknown=unknown)


def measure_completeness(schema: Schema, answers: Answers) -> Completeness:
    """Count the required questions that apply and those of them that are answered."""
    asked = asked_questions(schema, answers)
    required = [key for key, question in asked.items() if question.required]
    counts = count_required(asked.values(), answers)
    return Completeness(
        required_answered=counts.answered,
        required_applicable=counts.asked,
        missing=tuple(key for key in required if key not in answers),
        unknown_slugs=tuple(key for key in asked if isinstance(answers.get(key), Unknown)),
        applies=any(not isinstance(answers.get(key), NotApplicable) for key in required),
    )


def prefilled(schema: Schema, answers: Answers) -> Answers:
    """The answers with every question that repeats an earlier one filled from it, where it has none of its own."""
    filled = dict(answers)
    for key, question in schema.questions.items():
        if key not in filled and question.prefilled_from in filled:
            filled[key] = filled[question.prefilled_from]
    return filled
