"""Statements against measurements, runs, documents, risks and lineage: each is refused with its code."""

import pytest

from tests.models.attack import GATE, Attempt, Target, refused, target
from tests.models.statements import LIVE, MEASURE, NUMBERS, ON_OWN, OWN, REST, RUN

__all__ = ["target"]

ATTEMPTS = [
    Attempt("a measurement is improved", "update measurement set low = 0.99 where id = %(measurement)s"),
    Attempt(
        "a measurement moves to another version",
        ("update measurement set version_id = %(early)s where id = %(measurement)s"),
    ),
    Attempt("the worker improves a measurement", "update measurement set low = 0.99", role="assay_worker"),
    Attempt("a measurement is deleted", "delete from measurement where id = %(measurement)s"),
    Attempt(
        "the app adds to a run that the worker made",
        MEASURE + "(%(run)s, %(ready)s, 1, 'm', 's', 'ok', '', 1, 1, 1" + NUMBERS,
        GATE,
    ),
    Attempt(
        "the worker adds to a run that is over",
        MEASURE + "(%(run)s, %(ready)s, 1, 'm', 's', 'ok', '', 1, 1, 1" + NUMBERS,
        GATE,
        role="assay_worker",
        says="as their run finishes",
    ),
    Attempt(
        "a measurement for another version than its run's",
        OWN + ";\n" + MEASURE + ON_OWN.replace("%(ready)s", "%(early)s") + "1, 1, 1" + NUMBERS,
        GATE,
        says="belongs to the winning attempt",
        twin=OWN + ";\n" + MEASURE + ON_OWN + "1, 1, 1" + NUMBERS,
    ),
    Attempt(
        "a measurement for another attempt",
        OWN + ";\n" + MEASURE + ON_OWN.replace("%(ready)s, 0", "%(ready)s, 7") + "1, 1, 1" + NUMBERS,
        GATE,
        says="winning attempt",
    ),
    Attempt(
        "a measurement says how it was assured",
        MEASURE.replace("seed)", "seed, assurance)")
        + ("(%(run)s, %(ready)s, 1, 'm', 's', 'ok', '', 1, 1, 1, 0.95, '', '{}', '{}', '{}', '', 'reproduced')"),
    ),
    Attempt(
        "a measurement is not a number",
        OWN + ";\n" + MEASURE + ON_OWN + "'NaN', 'NaN', 'NaN'" + NUMBERS,
        GATE,
        says="a_measurement_is_finite",
    ),
    Attempt(
        "a low bound is not a number",
        OWN + ";\n" + MEASURE + ON_OWN + "1, 'NaN', null" + NUMBERS,
        GATE,
        says="a_measurement_is_finite",
    ),
    Attempt(
        "a high bound is infinite",
        OWN + ";\n" + MEASURE + ON_OWN + "1, 1, 'Infinity'" + NUMBERS,
        GATE,
        says="a_measurement_is_finite",
    ),
    Attempt(
        "an interval is turned around",
        OWN + ";\n" + MEASURE + ON_OWN + "1, 2, 1" + NUMBERS,
        GATE,
        says="a_measurement_is_finite",
    ),
    Attempt(
        "a status that nobody knows",
        OWN + ";\n" + MEASURE + ON_OWN.replace("'ok'", "'great'") + "1, 1, 1" + NUMBERS,
        GATE,
        says="a_known_status",
    ),
    Attempt(
        "the app says a run was made here", RUN + "'platform-run'" + REST, GATE, says="a run starts queued", twin=OWN
    ),
    Attempt(
        "the app says a run was reproduced",
        RUN + "'reproduced'" + LIVE,
        GATE,
        says="reproduced",
        twin=RUN + "'platform-run'" + LIVE,
    ),
    Attempt(
        "the app raises a run's assurance", ("update evaluation set assurance = 'platform-run' where id = %(run)s")
    ),
    Attempt(
        "the app finishes a queued run",
        "update evaluation set state = 'done' where id = %(queued)s",
        GATE,
        says="only the worker",
        twin=("update evaluation set state = 'cancelled' where id = %(queued)s"),
    ),
    Attempt(
        "the worker finishes what it never claimed",
        "update evaluation set state = 'done' where id = %(queued)s",
        GATE,
        role="assay_worker",
        says="running evaluation",
        twin=(
            "update evaluation set state = 'running', attempt = 1 where id = %(queued)s;\nupdate "
            "evaluation set state = 'done' where id = %(queued)s"
        ),
    ),
    Attempt(
        "a finished run starts again",
        "update evaluation set state = 'queued' where id = %(run)s",
        GATE,
        role="assay_worker",
        says="never changed",
    ),
    Attempt(
        "a run changes its version",
        ("update evaluation set version_id = %(early)s where id = %(queued)s"),
        role="assay_worker",
    ),
    Attempt("an author is struck out", "delete from authorship where version_id = %(ready)s"),
    Attempt("an author is replaced", "update authorship set person_id = %(eve)s"),
    Attempt(
        "an author is added by hand",
        ("insert into authorship (version_id, person_id, why) values (%(signed)s, %(grace)s, 'x')"),
    ),
    Attempt("a lineage edge is cut", "delete from lineage_edge"),
    Attempt("a document's revision is rewritten", "update document_revision set answered = 99"),
    Attempt("a risk changes its version", "update risk set version_id = %(early)s"),
    Attempt("a risk is deleted", "delete from risk"),
    Attempt("a trust need is lowered in place", "update trust_need set level = 'low'"),
]


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.name)
def test_the_database_refuses(target: Target, attempt: Attempt) -> None:
    refused(target, attempt)
