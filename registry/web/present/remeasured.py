"""Numbers of two evidence snapshots: each by the question that it answers, so that none stands against another."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from registry.models import Evaluation
from registry.models.choices import Assurance
from registry.reports import slices, tested
from registry.reports.figures import format_interval, format_number
from registry.web.present import metrics, told_apart
from registry.web.present.left_out import FEW

Snapshot = Mapping[str, Any]
Key = tuple[str, str, str]


def compare(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    """Each number that was measured anew, came or went; a second query only where names would be mistaken."""
    old, new = _by_key(before), _by_key(after)
    names = _names({**old, **new}, version=after["version"]["id"])
    said = ((names[key], _words(old.get(key)), _words(new.get(key))) for key in names)
    return [{"name": name, "note": "measured", "before": was, "after": now} for name, was, now in said if was != now]


def _by_key(body: Snapshot) -> dict[Key, dict[str, Any]]:
    return {(each["spec_digest"], each["metric"], each["slice"]): each for each in body["measurements"]}


def _names(keys: Iterable[Key], *, version: str) -> dict[Key, str]:
    """What each number is called; where two are called alike, with what tells their specifications apart."""
    plain = {key: _name(key) for key in keys}
    times = Counter(plain.values())
    alike = {key[0] for key, name in plain.items() if times[name] > 1}
    apart = _specifications(alike, version=version) if alike else {}
    return {key: f"{name}{apart[key[0]]}" if times[name] > 1 else name for key, name in plain.items()}


def _name(key: Key) -> str:
    _, metric, part = key
    return metrics.title(metric) if part == "overall" else f"{metrics.title(metric)}, {slices.words(part)}"


def _specifications(specs: set[str], *, version: str) -> dict[str, str]:
    """', by race, with …'; where that is the same of several, their digests."""
    runs = Evaluation.objects.filter(version=version, spec_digest__in=specs)
    newest = runs.order_by("spec_digest", "-requested_at").distinct("spec_digest")
    words = {run.spec_digest: f"{told_apart.by_groups(run)}{_settings(run)}" for run in newest}
    told = {spec for spec, said in words.items() if said and list(words.values()).count(said) == 1}
    return {spec: words[spec] if spec in told else f", specification {spec[:8]}" for spec in specs}


def _settings(run: Evaluation) -> str:
    settings = told_apart.with_settings(run)
    return f", {settings}" if settings else ""


def _words(measured: Mapping[str, Any] | None) -> str:
    """With `measured_at`, which makes a repeated run visible even where it found the same."""
    if measured is None:
        return ""
    unit, at = metrics.unit(measured["metric"]), measured["measured_at"][:19].replace("T", " ")
    if measured["status"] != "ok":
        return f"{measured['status'].replace('_', ' ')}, {at}{_less(measured)}"
    span = format_interval(measured["low"], measured["high"], level=measured["level"], unit=unit)
    if tested.is_test(measured["metric"]):
        found = {name: measured[name] for name in ("value", "low", "level")}
        span = tested.words(measured["metric"], **found) or "test"
    return f"{format_number(measured['value'], unit)} ({span}), n = {measured['n']}, {at}{_less(measured)}"


def _less(measured: Mapping[str, Any]) -> str:
    """Why it may say less than the one before: it was only reported, or leaves groups out."""
    reported = ", self-reported" if measured["assurance"] == Assurance.SELF_REPORTED else ""
    excluded = list(dict.fromkeys(measured["excluded"]))
    named = slices.listed(excluded[:FEW])
    more = f" and {len(excluded) - FEW:,} more" if len(excluded) > FEW else ""
    return f"{reported}, without {named}{more}" if named else reported
