"""The audit log in sentences: for every verb, what was done, what was wanted where it was refused, and its drawing."""

import json
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.models import AuditEvent
from registry.models.choices import Meaning


class Said(NamedTuple):
    """A verb in words. Who did it stands before `done`; `wanted` follows "tried to"."""

    done: str
    wanted: str
    icon: str


# `what` is the subject's name as it was then; `first` and `rest` are its two parts (see PARTS); the rest is detail.
# A refusal is often about something else than the deed: the team in which nothing was created.
SENTENCES: Mapping[str, Said] = {
    "artifact.declared": Said("declared files for {what}", "declare files for {what}", "files"),
    "artifact.registered": Said("registered the files {what}", "register the files {what}", "files"),
    "artifact.stored": Said("brought files for {what}", "bring files for {what}", "files"),
    "attestation.signed": Said("signed the answer {what}", "sign the answer {what}", "failed"),
    "dataset.created": Said("registered the dataset {what}", "register a dataset in {what}", "written"),
    "dataset_version.registered": Said("registered the data {what}", "register a version of {what}", "written"),
    "document.revised": Said("wrote revision {revision} of the {noun}", "write the {noun}", "written"),
    "dossier.exported": Said("took the PDF dossier of {what}", "take the PDF dossier of {what}", "files"),
    "evaluation.cancelled": Said("stopped {what}", "stop {what}", "lapsed"),
    "evaluation.failed": Said("could not finish {what}", "finish {what}", "failed"),
    "evaluation.finished": Said("ran {what}: {readings} measurements", "run {what}", "measured"),
    "evaluation.reported": Said(
        "reported {readings} measurements made elsewhere: {what}", "report measurements of {what}", "measured"
    ),
    "evaluation.requested": Said("asked for {what}", "evaluate {what}", "queued"),
    "expertise.ended": Said("ended that {first} may sign for {rest}", "end an expertise in {what}", "person"),
    "expertise.granted": Said("let {first} sign for {rest}", "give an expertise in {what}", "person"),
    "membership.ended": Said("ended the role of {first}: {rest}", "end a role in {what}", "person"),
    "membership.granted": Said("gave {first} a role: {rest}", "give a role in {what}", "person"),
    "model.created": Said("registered the model {what}", "register a model in {what}", "written"),
    "model_version.artifact_attached": Said("attached files to {what}", "attach files to {what}", "files"),
    "model_version.registered": Said("registered {what}", "register a version of {what}", "written"),
    "model_version.signed_off": Said("{signed} {what}, for {expertise}", "sign {what}", "signed"),
    "model_version.suspended": Said("suspended {what}: {because}", "suspend {what}", "suspended"),
    "model_version.transitioned": Said("moved {what} to {to}{how}", "move {what}", "moved"),
    "person.changed": Said("changed the account of {what}: {fields}", "change the account of {what}", "person"),
    "person.created": Said("made an account for {what}", "make an account for {what}", "person"),
    "person.password_set": Said("set a password for {what}", "set a password for {what}", "key"),
    "person.reauthenticated": Said("proved again who they are, by {method}", "prove again who they are", "key"),
    "policy.activated": Said("activated the policy {what} for {project}", "activate the policy {what}", "passed"),
    "policy.agreed": Said("agreed to the policy {what}", "agree to the policy {what}", "passed"),
    "policy.revised": Said("wrote the policy {what}", "write a policy of {what}", "written"),
    "project.created": Said("described the project {what}", "describe a project in {what}", "written"),
    "risk.recorded": Said("recorded a risk of {version}: {what}", "record a risk of {what}", "written"),
    "risk.updated": Said("changed a risk: {what}", "change a risk: {what}", "written"),
    "sign_off.withdrawn": Said(
        "withdrew a signature on {version}, for {rest}", "withdraw the signature of {what}", "lapsed"
    ),
    "signing_key.registered": Said("registered the signing key {what}", "register the signing key {what}", "key"),
    "team.created": Said("made the team {what}", "make the team {what}", "person"),
    "token.created": Said("made the token {what}", "make a token for {what}", "key"),
    "token.revoked": Said("ended the token {what}", "end a token of {what}", "lapsed"),
    "trust_need.set": Said("set the need for {aspect} of {what} to {level}", "set a need of {what}", "written"),
    "waiver.granted": Said(
        "granted the waiver of \u201c{first}\u201d for {rest}", "grant a waiver for {rest}", "waived"
    ),
    "waiver.requested": Said(
        "asked for a waiver of \u201c{first}\u201d for {rest}", "ask for a waiver for {what}", "waiver"
    ),
}
PARTS = {"membership": " is ", "reviewerexpertise": " may sign for ", "signoff": " for "}
SIGNED = {Meaning.APPROVE: "approved", Meaning.REQUEST_CHANGES: "asked for changes to"}
MOVED, SIGNED_OFF = "model_version.transitioned", "model_version.signed_off"
RENEWED = "renewed the approval of {what}{how}"
# Sentences of a verb that depend on its detail: words by which it is found as well.
ALSO = {MOVED: (RENEWED,), SIGNED_OFF: tuple(SIGNED.values())}
REFUSED = ".refused"
TRIED, SHUT = "tried to", "and was refused"
ONE = re.compile(r"\b1 measurements\b")
UNKNOWN = Said("did {verb}: {what}", "do {verb}: {what}", "neutral")


class _Fields(dict[str, Any]):
    """What an event tells; what an older event doesn't tell is said to be unknown."""

    def __missing__(self, key: str) -> str:
        return "unknown"


def body_of(event: AuditEvent) -> dict[str, Any]:
    """The event's detail."""
    return dict(json.loads(event.body).get("detail") or {})


def who(event: AuditEvent) -> str:
    """The person, or Assay itself."""
    return str(event.actor) if event.actor else "Assay"


def code_of(event: AuditEvent) -> str:
    """The code of the requirement that an event about a waiver names; empty for others."""
    return event.subject_name.partition(" of ")[0] if event.subject_kind == "waiver" else ""


def sentence(event: AuditEvent, words: Mapping[str, str]) -> str:
    """What happened. `words` says what the codes of requirements stand for."""
    verb = event.verb.removesuffix(REFUSED)
    said, fields = SENTENCES.get(verb, UNKNOWN), _fields(event, verb, words)
    if event.verb.endswith(REFUSED):
        return f"{who(event)} {TRIED} {said.wanted.format_map(fields)} {SHUT}"
    renews = verb == MOVED and fields["from"] == fields["to"]
    done = (RENEWED if renews else said.done).format_map(fields)
    return f"{who(event)} {ONE.sub('1 measurement', done)}"


def icon(event: AuditEvent) -> str:
    """The drawing beside it."""
    return "refused" if event.verb.endswith(REFUSED) else SENTENCES.get(event.verb, UNKNOWN).icon


def verbs_saying(word: str) -> list[str]:
    """The verbs, refused ones included, whose sentences have this word."""
    wanted = word.casefold()
    done = [v for v, said in SENTENCES.items() if wanted in _words(" ".join((said.done, *ALSO.get(v, ()))))]
    refused = [f"{v}{REFUSED}" for v, said in SENTENCES.items() if wanted in _words(f"{said.wanted} {SHUT}")]
    return [*done, *refused]


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", re.sub(r"{\w+}", " ", text).casefold()))


def _fields(event: AuditEvent, verb: str, words: Mapping[str, str]) -> _Fields:
    detail, name = body_of(event), event.subject_name
    if event.subject_kind == "waiver":
        code, _, rest = name.partition(" of ")
        first = words.get(code, code)
    else:
        first, _, rest = name.rpartition(PARTS.get(event.subject_kind, "\n"))
    derived = {
        "verb": verb,
        "what": name,
        "first": first,
        "rest": rest,
        "noun": name[:1].lower() + name[1:],
        "signed": SIGNED.get(detail.get("meaning", ""), "signed"),
        "how": " with a waiver" if detail.get("kind") == "waived" else "",
    }
    listed = {key: ", ".join(map(str, value)) for key, value in detail.items() if isinstance(value, list)}
    return _Fields(detail | listed | derived)
