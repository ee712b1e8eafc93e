#!/usr/bin/env python3
"""Check a signed verdict of an Assay registry with the notary's public key and no server.

    python verify.py ATTESTATION.json --key notary.pub --dir model/
    python verify.py ATTESTATION.json --key notary.pub --file model.skops --stage inference

Needs Python 3.9 or later and `cryptography`, and nothing else. Exit code: 0 approved · 1 not approved (a genuine no, an
expired yes, another stage) · 2 can't be trusted (forged, altered, about something else) · 3 could not check.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple, NoReturn

try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
except ImportError:
    sys.stderr.write("verify.py needs the package cryptography: pip install cryptography\n")
    raise SystemExit(3) from None

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
STAGES = ("scoping", "data", "preprocessing", "training", "inference", "retired")
LEFT_OUT = (".git", ".gitignore", ".gitattributes", ".github")
UTC = timezone.utc  # noqa: UP017  datetime.UTC came with Python 3.11, and this file runs on 3.9
APPROVED, NOT_APPROVED, UNTRUSTED, COULD_NOT_CHECK = range(4)
WORDS = ("approved", "not_approved", "untrusted", "could_not_check")


class Refusal(Exception):
    """Why the answer is not yes: an exit code and a reason."""


class Claim(NamedTuple):
    """What the signed statement says."""

    name: str
    root: str
    manifest: str
    result: str
    levels: list[str]
    waived: bool
    verified_at: datetime
    expires_at: datetime | None
    approved_until: datetime | None
    policy: str
    no: str


def read_file(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(4 * 1024 * 1024)  # neither an answer nor a key is larger


def parse_json(raw: bytes) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice in one object")
        return dict(pairs)

    try:
        return json.loads(raw.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Refusal(UNTRUSTED, f"its JSON can't be read in one way only ({error})") from error


def load_key(path: str) -> tuple[EllipticCurvePublicKey, str]:
    """Return the key and its id, the SHA-256 of its SubjectPublicKeyInfo."""
    try:
        key = load_pem_public_key(read_file(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(COULD_NOT_CHECK, f"{path} holds no public key in PEM form") from error
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise Refusal(COULD_NOT_CHECK, f"{path} holds another key than one on P-256")
    return key, hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def open_envelope(document: Any, key: EllipticCurvePublicKey, key_id: str) -> Any:
    """Return the statement of a bare envelope, or of one under `attestation`; nothing is read before its signature."""
    envelope = document.get("attestation") if isinstance(document, dict) and "payload" not in document else document
    if not isinstance(envelope, dict) or not isinstance(envelope.get("signatures"), list):
        raise Refusal(UNTRUSTED, "there is no signed envelope in it")
    if envelope.get("payloadType") != PAYLOAD_TYPE:
        raise Refusal(UNTRUSTED, "the envelope holds another type of payload than an in-toto statement")
    ours = [entry for entry in envelope["signatures"] if isinstance(entry, dict) and entry.get("keyid") == key_id]
    if len(ours) != 1:
        raise Refusal(UNTRUSTED, "it is not signed with this key")
    payload, kind = decode(envelope.get("payload")), PAYLOAD_TYPE.encode()
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    try:
        key.verify(decode(ours[0].get("sig")), signed, ECDSA(SHA256()))
    except InvalidSignature as error:
        raise Refusal(UNTRUSTED, "the signature doesn't hold: it was altered, or another key signed it") from error
    return parse_json(payload)


def decode(text: Any) -> bytes:
    """Read base64 in the one spelling that a value has."""
    try:
        raw = base64.b64decode(text, validate=True)
        if base64.b64encode(raw).decode() != text:
            raise ValueError("spelt in another way")
    except (ValueError, TypeError) as error:
        raise Refusal(UNTRUSTED, "the envelope is damaged") from error
    return raw


def read_claim(statement: Any) -> Claim:
    def text(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError("not text")
        return value

    try:
        if (statement["_type"], statement["predicateType"]) != (STATEMENT_TYPE, PREDICATE_TYPE):
            raise Refusal(UNTRUSTED, "the statement is of an unknown type or version")
        (subject,), predicate = statement["subject"], statement["predicate"]
        ends = [predicate.get(key) for key in ("assayExpiresAt", "assayApprovedUntil")]
        expires, approved = (None if end is None else parse_time(text(end)) for end in ends)
        return Claim(
            name=text(subject["name"]),
            root=text(subject["digest"]["sha256"]),
            manifest=text(predicate["assayManifest"]["sha256"]),
            result=text(predicate["verificationResult"]),
            levels=[text(level) for level in predicate["verifiedLevels"]],
            waived=bool(predicate.get("assayWaivers")) or "_WAIVED" in "".join(predicate["verifiedLevels"]),
            verified_at=parse_time(text(predicate["timeVerified"])),
            expires_at=expires,
            approved_until=approved,
            policy=text(predicate["policy"]["uri"]),
            no=" ".join(text(predicate[k]) for k in ("assayOutcome", "assayStage", "assayStanding") if k in predicate),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Refusal(UNTRUSTED, "the statement lacks a field that every verdict has, or garbles it") from error


def parse_time(value: str) -> datetime:
    moment = datetime.fromisoformat(re.sub("Z$", "+00:00", value))
    if moment.tzinfo is None or not 2000 <= moment.year < 2200:
        raise ValueError("no time of this era with its zone")
    return moment.astimezone(UTC)


def list_folder(folder: str, attestation: str) -> Iterator[tuple[str, str]]:
    """Yield name and path of all that lies in the folder, links included, but the attestation and version control."""

    def stop(error: OSError) -> NoReturn:
        raise error

    for base, folders, files in os.walk(folder, onerror=stop):
        if base == folder:
            folders[:], files = ([name for name in names if name not in LEFT_OUT] for names in (folders, files))
        for path in [os.path.join(base, name) for name in files + folders]:
            if os.path.islink(path) or not (os.path.isdir(path) or os.path.samefile(path, attestation)):
                yield os.path.relpath(path, folder).replace(os.sep, "/"), path


def measure(name: str, path: str) -> dict[str, Any]:
    """Return the file's line of the manifest; refuse links, devices and names that lead out of the artifact."""
    if name.startswith("/") or "\\" in name or any(part in ("", ".", "..") for part in name.split("/")):
        raise Refusal(UNTRUSTED, f"the name {shown(name)} can't stand in an artifact")
    whole = hashlib.sha256()
    if not stat.S_ISREG(os.lstat(path).st_mode):
        raise Refusal(UNTRUSTED, f"{shown(name)} is a link or no plain file")
    with open(path, "rb", opener=lambda p, flags: os.open(p, flags | getattr(os, "O_NOFOLLOW", 0))) as file:
        while block := file.read(1024 * 1024):
            whole.update(block)
        return {"name": name, "sha256": whole.hexdigest(), "size": file.tell()}


def check_subject(claim: Claim, args: argparse.Namespace) -> int:
    """Compare the files with what was signed, name by name; return how many there are."""
    pairs = [(name or os.path.basename(path), path) for name, _, path in (f.rpartition("=") for f in args.file)]
    pairs += list_folder(args.dir, args.attestation) if args.dir else []
    entries = sorted((measure(name, path) for name, path in pairs), key=lambda entry: entry["name"])
    root = hashlib.sha256(b"".join(bytes.fromhex(entry["sha256"]) for entry in entries)).hexdigest()
    for held in [args.digest] * bool(args.digest) + [root] * bool(args.file or args.dir):
        if held != claim.root:
            raise Refusal(UNTRUSTED, f"it is about other files: it names the root {shown(claim.root)}, not {held}")
    # RFC 8785 for what a manifest can hold: ASCII keys, plain text, whole numbers.
    listing = json.dumps(entries, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(listing.encode("utf-8", "surrogatepass")).hexdigest()
    if entries and digest != claim.manifest:
        raise Refusal(UNTRUSTED, "the contents are those that were judged, but under other names")
    return len(entries)


def judge(claim: Claim, args: argparse.Namespace) -> None:
    """Raise unless the claim is an approval for the stage that is accepted and current."""
    name, level = shown(claim.name), f"ASSAY_STAGE_{args.stage.upper()}"
    if claim.result == "FAILED":
        raise Refusal(NOT_APPROVED, f"the registry says no to {name} ({shown(claim.no)})")
    if claim.result != "PASSED":
        raise Refusal(UNTRUSTED, "the result is neither PASSED nor FAILED")
    if not {level, level + "_WAIVED"} & set(claim.levels):
        raise Refusal(NOT_APPROVED, f"{name} is approved for {shown(', '.join(claim.levels))}, not for {args.stage}")
    if claim.waived and not args.allow_waived:
        raise Refusal(NOT_APPROVED, f"{name} passed with a waiver only, which --allow-waived would accept")
    if claim.verified_at - args.now > timedelta(minutes=5):
        raise Refusal(NOT_APPROVED, f"it is dated {day(claim.verified_at)}, which is still to come")
    if claim.expires_at is not None and args.now >= claim.expires_at:
        raise Refusal(NOT_APPROVED, f"the approval of {name} expired {day(claim.expires_at)}")
    if args.now - claim.verified_at >= args.max_age:
        raise Refusal(NOT_APPROVED, f"the verdict of {day(claim.verified_at)} is older than is accepted")


def shown(value: str) -> str:
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in value)


def day(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")


def report(claim: Claim, args: argparse.Namespace, *, key_id: str, files: int) -> dict[str, Any]:
    until = min(moment for moment in (claim.expires_at, claim.verified_at + args.max_age) if moment is not None)
    return {
        "version": claim.name,
        "stage": args.stage,
        "waived": claim.waived,
        "verified_at": day(claim.verified_at),
        "approved_until": None if claim.approved_until is None else day(claim.approved_until),
        "valid_until": day(until),
        "policy": claim.policy,
        "root_digest": claim.root,
        "files_compared": files,
        "key_id": key_id,
        "key_saved_at": day(datetime.fromtimestamp(os.stat(args.key).st_mtime, UTC)),
        "not_seen_here": "whether it was suspended or withdrawn, or the key replaced, after these dates",
    }


def approval(facts: dict[str, Any]) -> str:
    yes = f"APPROVED{' WITH A WAIVER' * facts['waived']}: {shown(facts['version'])} may be used for {facts['stage']}"
    approved = f"approved until {facts['approved_until']}; " if facts["approved_until"] else ""
    renewed = " (renewed while the approval lasts)" if facts["valid_until"] != facts["approved_until"] else ""
    return f"{yes}: {approved}this signed answer is valid until {facts['valid_until']}{renewed}."


def duration(value: str) -> timedelta:
    if not re.fullmatch(r"[0-9]{1,4}[dh]", value):
        raise ValueError(value)
    return timedelta(**{"days" if value.endswith("d") else "hours": int(value[:-1])})


def parse_arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("attestation", help="the envelope, or the verdict endpoint's answer with the envelope in it")
    parser.add_argument("--key", required=True, help="the notary's public key (PEM), from a source you trust")
    parser.add_argument("--file", action="append", default=[], help="PATH or NAME=PATH; once for each file")
    parser.add_argument("--dir", help="a folder that holds the artifact's files and nothing else")
    parser.add_argument("--digest", help="the root digest, where the files are elsewhere")
    parser.add_argument("--stage", choices=STAGES, default="inference")
    parser.add_argument("--now", type=parse_time, default=datetime.now(UTC), help="judge as of this time")
    parser.add_argument("--max-age", type=duration, default="30d", help="oldest verdict accepted: 30d, 12h")
    parser.add_argument("--allow-waived", action="store_true", help="accept an approval that rests on a waiver")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    args = parser.parse_args(argv)
    if not (args.file or args.dir or args.digest) or (args.file and args.dir):
        parser.error("say what you hold: --dir, --file (once for each) or --digest")
    return args


def main(argv: list[str] | None = None) -> int:
    try:
        args, facts = parse_arguments(argv), {}
    except SystemExit as stop:  # how argparse ends, with a code that means something else here
        return COULD_NOT_CHECK if stop.code else APPROVED
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may not know a name
    try:
        key, key_id = load_key(args.key)
        claim = read_claim(open_envelope(parse_json(read_file(args.attestation)), key, key_id))
        facts = report(claim, args, key_id=key_id, files=check_subject(claim, args))
        judge(claim, args)
        code, said = APPROVED, approval(facts)
    except Refusal as refusal:
        code, said = refusal.args[0], f"REFUSED because {refusal.args[1]}"
    except OSError as error:
        code, said = COULD_NOT_CHECK, f"REFUSED because {shown(str(error.filename))}: {error.strerror}"
    known = (f"  {key.replace('_', ' '):16}{shown(str(value))}" for key, value in facts.items() if code == APPROVED)
    print(json.dumps({"outcome": WORDS[code], "message": said, **facts}) if args.json else "\n".join([said, *known]))
    return code


if __name__ == "__main__":
    sys.exit(main())
