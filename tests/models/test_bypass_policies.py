"""Statements against rules, their publication and their activation: each is refused with its code."""

import pytest

from tests.models.attack import GATE, TWICE, Attempt, Target, refused, target
from tests.models.statements import ACTIVATE, AGREE, RULE, SOFT, THRESHOLD

__all__ = ["target"]

ATTEMPTS = [
    Attempt("a limit is lowered", 'update threshold set "limit" = 0'),
    Attempt("a limit is deleted", "delete from threshold"),
    Attempt(
        "a limit is added after somebody agreed",
        THRESHOLD,
        GATE,
        says="fixed once",
        twin=THRESHOLD.replace(
            "%(requirement)s", ("(select id from required_evaluation where revision_id = %(draft)s)")
        ),
    ),
    Attempt(
        "a limit that is not a number",
        THRESHOLD.replace(
            "%(requirement)s", ("(select id from required_evaluation where revision_id = %(draft)s)")
        ).replace("'at_least', 0", "'at_least', 'NaN'"),
        GATE,
        says="a_limit_is_finite",
    ),
    Attempt(
        "a direction that nobody knows",
        THRESHOLD.replace(
            "%(requirement)s", ("(select id from required_evaluation where revision_id = %(draft)s)")
        ).replace("at_least", "sideways"),
        GATE,
        says="a_known_direction",
    ),
    Attempt(
        "a seat is added after somebody agreed",
        RULE + "(%(revision)s, 'inference', 'legal', 1)",
        GATE,
        says="fixed once",
        twin=RULE + "(%(draft)s, 'inference', 'legal', 1)",
    ),
    Attempt("a seat for nobody", RULE + "(%(draft)s, 'inference', 'legal', 0)", GATE, says="at_least_one_person_signs"),
    Attempt("a revision is rewritten", "update policy_revision set max_waiver_hours = 720"),
    Attempt(
        "an author publishes",
        AGREE + "(%(draft)s, %(ada)s)",
        GATE,
        says="the author",
        twin=AGREE + "(%(draft)s, %(grace)s)",
    ),
    Attempt("a service account publishes", AGREE + "(%(draft)s, %(pipeline)s)", GATE, says="only a person"),
    Attempt("one person publishes twice", AGREE + "(%(draft)s, %(grace)s), (%(draft)s, %(grace)s)", TWICE),
    Attempt("a seat is taken away", "delete from sign_off_rule where revision_id = %(draft)s"),
    Attempt(
        "a policy that asks nobody is published",
        SOFT + "(%(soft)s, %(grace)s)",
        GATE,
        says="asks for no signature",
        twin=AGREE + "(%(draft)s, %(grace)s)",
    ),
    Attempt(
        "a draft is activated",
        ACTIVATE + "(%(project)s, %(draft)s, %(joan)s)",
        GATE,
        says="two people",
        twin=AGREE
        + "(%(draft)s, %(grace)s), (%(draft)s, %(alan)s);\n"
        + ACTIVATE
        + "(%(project)s, %(draft)s, %(joan)s)",
    ),
    Attempt(
        "half a publication is activated",
        AGREE + "(%(draft)s, %(grace)s);\n" + ACTIVATE + "(%(project)s, %(draft)s, %(joan)s)",
        GATE,
        says="two people",
    ),
    Attempt(
        "an author activates",
        ACTIVATE + "(%(project)s, %(revision)s, %(ada)s)",
        GATE,
        says="the author",
        twin=ACTIVATE + "(%(project)s, %(revision)s, %(joan)s)",
    ),
    Attempt("an activation is deleted", "delete from policy_activation"),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)
