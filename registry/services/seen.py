"""A snapshot's text, read into plain values that are what they should be. Nothing else gets further."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from registry.gates.values import PRIORITY_RANK, OpenRisk
from registry.models.choices import RunState, Stage

MOST_ROWS = 50_000
LARGEST_KEY = 2**63 - 1
Read = TypeVar("Read")


class Contradiction(ValueError):
    """The rows behind an answer say something else than the answer. Its message repeats nothing that was sent."""


@dataclass(frozen=True, kw_only=True)
class SeenRun:
    """In which state a run was seen, and why it had failed."""

    state: str
    failure: str


@dataclass(frozen=True, kw_only=True)
class SeenDocument:
    """Which revision of a document was seen, if any (0 is none), under which name."""

    kind: str
    subject: str
    revision: int


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a snapshot says was looked at."""

    version: str
    root_digest: str | None
    stage: str
    to_stage: str
    policy_digest: str | None
    needs: Mapping[str, str]
    measurements: frozenset[int]
    runs: Mapping[UUID, SeenRun]
    documents: tuple[SeenDocument, ...]
    has_assessment: bool
    risks: tuple[OpenRisk, ...]


def read_snapshot(text: str) -> Seen:
    """Read a snapshot; Contradiction for every text that is none."""
    try:
        body = _mapping(json.loads(text))
    except (ValueError, RecursionError) as error:
        raise Contradiction("its snapshot is not the text of one") from error
    version, policy = _mapping(body.get("version")), body.get("policy")
    return Seen(
        version=_text(version.get("id")),
        root_digest=_text_or_none(version.get("root_digest")),
        stage=_one_of(Stage.values, version.get("stage")),
        to_stage=_one_of(Stage.values, body.get("to_stage")),
        policy_digest=None if policy is None else _text(_mapping(policy).get("digest")),
        needs={aspect: _text(level) for aspect, level in _mapping(body.get("needs")).items()},
        measurements=frozenset(_listed(body.get("measurements"), lambda one: _key(one.get("id")))),
        runs=dict(_listed(body.get("runs"), _run)),
        documents=_listed(body.get("documents"), _document),
        has_assessment=_flag(body.get("has_assessment")),
        risks=_listed(body.get("risks"), _risk),
    )


def _run(one: Mapping[str, Any]) -> tuple[UUID, SeenRun]:
    state = _one_of(RunState.values, one.get("state"))
    try:
        key = UUID(_text(one.get("id")))
    except ValueError as error:
        raise Contradiction("its snapshot names a run that is none") from error
    return key, SeenRun(state=state, failure=_text(one.get("failure", "")))


def _document(one: Mapping[str, Any]) -> SeenDocument:
    return SeenDocument(
        kind=_text(one.get("kind")), subject=_text(one.get("subject")), revision=_key(one.get("revision"))
    )


def _risk(one: Mapping[str, Any]) -> OpenRisk:
    return OpenRisk(
        id=_key(one.get("id")),
        issue=_text(one.get("issue")),
        priority=_one_of(PRIORITY_RANK, one.get("priority")),
        has_treatment=_flag(one.get("has_treatment")),
        has_owner=_flag(one.get("has_owner")),
    )


def _listed(value: Any, read: Callable[[Mapping[str, Any]], Read]) -> tuple[Read, ...]:
    if not isinstance(value, list) or len(value) > MOST_ROWS:
        raise Contradiction(f"its snapshot lacks a list, or has one of more than {MOST_ROWS:,} rows")
    return tuple(read(_mapping(one)) for one in value)


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Contradiction("its snapshot lacks an object")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Contradiction("its snapshot lacks a text")
    return value


def _text_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _one_of(known: Any, value: Any) -> str:
    if _text(value) not in known:
        raise Contradiction("its snapshot has a word that nobody knows")
    return _text(value)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Contradiction("its snapshot lacks a yes or no")
    return value


def _key(value: Any) -> int:
    # By its type: a yes or no counts as a whole number otherwise.
    if type(value) is not int or not 0 <= value <= LARGEST_KEY:
        raise Contradiction("its snapshot lacks the number of a row")
    return value
