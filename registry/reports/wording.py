"""Requirements in words, from a live verdict as from a stored one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from registry.gates.numbers import exact
from registry.reports import figures, metric_names, slices, tested

# Outcome, heading, how it is counted. A missing signature is undecided as well, but it is people that it waits for.
GROUPS = (
    ("failed", "What blocks", "failed"),
    ("undecided", "Not enough evidence yet", "undecided"),
    ("signature", "Who still has to sign", "to sign"),
    ("waived", "Accepted for a limited time", "waived"),
    ("passed", "Met", "passed"),
)
# What the gate says of a measurement: an estimate and its interval, then what would have to become of a bound.
FOUND = re.compile(r"^\S+, (?P<level>\S+% interval) \S+ to \S+$")
BOUND = re.compile(r"(?<=until its bound is [\u2264\u2265] )\S+(?=\.\Z)|(?<=until all of it lies within ).+(?=\.\Z)")
UNBROKEN = re.compile(r"(?<=until its bound is [\u2264\u2265]) (?=\S+\.\Z)")
# Where the measuring was done, as the pages call it everywhere.
HERE = ((", platform-run or better", " here"), (", for platform-run assurance", ""), ("platform-run", "run here"))
POINT = re.compile(r"^(\S+), \S+% interval \1 to \1$")
LEFT_OUT = re.compile(r"^judged without (?P<names>.+): too few rows$")


def judged(requirement: Any) -> str:
    """The outcome that a requirement shows: `waived` where a waiver covers what it lacks."""
    has_waiver = _get(requirement, "waived_until") and _get(requirement, "outcome") != "passed"
    return "waived" if has_waiver else str(_get(requirement, "outcome"))


def grouped(requirements: Iterable[Any]) -> list[dict[str, Any]]:
    """Requirements by what they mean for the reader, what blocks first; empty groups left out."""
    given = list(requirements or ())
    found = [
        {
            "outcome": "undecided" if group == "signature" else group,
            "title": title,
            "word": word,
            "requirements": [each for each in given if _group(each) == group],
        }
        for group, title, word in GROUPS
    ]
    return [group for group in found if group["requirements"]]


def waits_for_people(requirements: Iterable[Any]) -> bool:
    """Whether signatures are all that is missing."""
    groups = {_group(each) for each in requirements or ()}
    return "signature" in groups and not groups & {"failed", "undecided"}


def _group(requirement: Any) -> str:
    outcome = judged(requirement)
    return "signature" if outcome == "undecided" and _get(requirement, "kind") == "sign_off" else outcome


def question_words(to_stage: object) -> str:
    """What a gate is asked about a stage; the end of the way is nothing to enter."""
    return "May it be retired?" if to_stage == "retired" else f"May it enter {to_stage}?"


def asked_words(requirement: Any) -> str:
    """What is asked, in words: a threshold by its metric's name and limit; everything else as the gate says it.

    Evaluators are named by their titles; their ids are for policies and programs.
    """
    detail = _get(requirement, "detail") or {}
    if _get(requirement, "kind") != "threshold" or "limit" not in detail:
        return _capital(_titled(str(_get(requirement, "asked") or ""), detail.get("evaluator")))
    where = str(detail.get("slice") or "overall")
    place = "" if where == "overall" else ", worst group" if where == "worst" else f" ({slices.words(where)})"
    sides = {"within": "", "at_most": "at most "}
    span = f"{sides.get(str(detail.get('direction')), 'at least ')}{_span(detail)}"
    settings = f", with {detail['settings']}" if detail.get("settings") else ""
    return f"{metric_words(detail.get('metric'))}{place}: {span}{settings}"


def _span(detail: Mapping[str, Any]) -> str:
    """The limit, with its tolerance where a band is asked for."""
    limit = _limit(detail["limit"], detail)
    is_band = detail.get("direction") == "within"
    return f"{limit} \u00b1 {_limit(detail.get('tolerance') or 0, detail)}" if is_band else limit


def _limit(number: Any, detail: Mapping[str, Any]) -> str:
    """A number that somebody chose, in the unit in which the metric's numbers are written."""
    share = float(number)
    return f"{exact(round(share * 100, 9))}%" if unit_of(detail) else exact(share)


def unit_of(detail: Mapping[str, Any]) -> str:
    """In which unit the numbers of a limit's metric are written: shares in percent, as beside the evidence."""
    return "rate" if metric_names.is_share(detail.get("metric")) else ""


def bound_words(detail: Mapping[str, Any]) -> str:
    """Which end of which interval is compared with the limit."""
    ends = {"at_least": "the lower bound", "at_most": "the upper bound", "within": "both bounds"}
    confidence = figures.format_level(detail.get("level"))
    end = ends.get(str(detail.get("direction")), "the bound")
    return f"{end} of the {confidence} interval is judged" if confidence else f"{end} of the interval is judged"


def metric_words(metric: object) -> str:
    """A metric's name, the same as on its method page."""
    return metric_names.title(metric)


def _titled(text: str, evaluator: object) -> str:
    """The text with the evaluator's title instead of its id, in quotes: it may be a plural."""
    for said, words in HERE:
        text = text.replace(said, words)
    return text.replace(str(evaluator), evaluator_words(evaluator)) if evaluator else text


def evaluator_words(evaluator: object) -> str:
    """An evaluator within a sentence; one that is gone by its id."""
    title = metric_names.evaluator_title(evaluator)
    return f"\u201c{title}\u201d" if title != evaluator else title


def _capital(text: str) -> str:
    """A sentence begins large, unless it begins with the id of an evaluator that is gone."""
    return text if "." in text.partition(" ")[0] else text[:1].upper() + text[1:]


def found_words(requirement: Any) -> str:
    """What was found, from a live verdict as from a stored one."""
    found = str(_get(requirement, "found_text") or _get(requirement, "found") or "nothing")
    detail = _get(requirement, "detail") or {}
    if FOUND.match(found) and tested.is_test(detail.get("metric")):
        measured = {name: detail.get(name) for name in ("value", "low", "level")}
        return tested.words(detail["metric"], **measured) or found
    if left_out := LEFT_OUT.match(found):
        return f"judged without {slices.listed(left_out['names'].split(', '))}: too few rows"
    is_point = detail.get("low") is not None and detail.get("low") == detail.get("high")
    # What was counted has no spread, and an interval "2 to 2" would only puzzle.
    found = POINT.sub(r"\g<1>, with no spread", found) if is_point else found
    return _titled(_in_percent(found, detail), None)


def _in_percent(found: str, detail: Mapping[str, Any]) -> str:
    """An estimate and its interval in the unit of the metric."""
    measured = FOUND.match(found)
    if not measured or unit_of(detail) != "rate" or detail.get("value") is None:
        return found
    value, low, high = (
        figures.format_against(detail.get(name), detail.get("limit"), "rate") for name in ("value", "low", "high")
    )
    return f"{value}, {measured['level']} {low} to {high}"


def is_drawn(requirement: Any) -> bool:
    """Whether it has an interval to be seen against its limit; what a test found is only said."""
    detail = _get(requirement, "detail") or {}
    is_measured = detail.get("value") is not None or detail.get("low") is not None
    return is_measured and not tested.is_test(detail.get("metric"))


def unblock_words(requirement: Any) -> str:
    """What would unblock it; slices keep their raw names, by which a policy calls them."""
    detail = _get(requirement, "detail") or {}
    evaluator = detail.get("evaluator") or metric_names.facts().get(str(detail.get("metric")), {}).get("evaluator")
    text = _titled(str(_get(requirement, "unblock") or ""), evaluator)
    return UNBROKEN.sub(figures.NBSP, BOUND.sub(_span(detail), text)) if "limit" in detail else text


def evaluator_of(requirement: Any) -> str:
    """The id of the evaluator that a requirement asks for; empty where it asks for none."""
    return str((_get(requirement, "detail") or {}).get("evaluator") or "")


def _get(thing: Any, name: str) -> Any:
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)
