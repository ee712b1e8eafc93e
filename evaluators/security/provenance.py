"""Is the model what somebody signed? Files are hashed again and compared with a signed manifest."""

import hashlib
from collections.abc import Mapping
from typing import Any

from evaluators.contract import Direction, Json, Measured, Metric, Progress, Reading, Subject
from evaluators.exact import counted, table
from evaluators.inputs.files import open_verified
from evaluators.security.manifest import MAX_BUNDLE, Untrusted, differences, signed_resources
from evaluators.security.parts import model_files

PROVENANCE = "security.provenance"
SIGNATURES = ("model.sig", "signature.sig", "model.sig.json")
SHOWN = 100


class Provenance:
    """The bundle is the file in the role `signature`, or the model's own `model.sig`; the key is a parameter.

    Evidence `provenance`: what is wrong, file by file.
    """

    id = "security.provenance"
    version = "1"
    title = "Provenance of model files"
    input_kind = "F"
    cost_class = "A"
    device = "cpu"
    needs: Mapping[str, tuple[str, ...]] = {"files": ("model",), "columns": (), "optional": ("signature",)}
    parameters: Mapping[str, Mapping[str, Any]] = {
        "public_key": {
            "type": "string",
            "default": "",
            "title": "Public key of the signer as PEM: P-256, P-384 or P-521",
        }
    }
    metrics = (
        Metric(id=PROVENANCE, title="Files that are not what was signed", direction=Direction.LOWER, unit="findings"),
    )

    def measure(self, subject: Subject, *, params: Mapping[str, Any], seed: int, progress: Progress) -> Measured:
        files = model_files(subject)
        own = next((name for name in SIGNATURES if name in files), None)
        bundle = subject.files.get("signature") or (files[own] if own else None)
        digests: dict[str, str] = {}
        for i, (name, ref) in enumerate(files.items()):
            if bundle is not None and name == own and ref.sha256 == bundle.sha256:
                continue
            progress(i / len(files), f"hashing {name}")
            # Opening checks that the bytes are those of the digest, which is then compared.
            open_verified(ref).close()
            digests[name] = ref.sha256
        findings = _findings(None if bundle is None else _read(bundle), params["public_key"], digests)
        statistics: Json = {"files": len(digests), "count": len(findings), "findings": findings[:SHOWN]}
        evidence = table("provenance", "What is not as it was signed", ["finding"], [[text] for text in findings])
        return Measured(statistics=statistics, evidence=(evidence,))

    def summarise(
        self, statistics: Mapping[str, Any], *, params: Mapping[str, Any], level: float, seed: int
    ) -> list[Reading]:
        common: Json = {"level": level, "statistics": dict(statistics)}
        # Whose signature it is decides what it is worth, so the key is named by its digest.
        key = params["public_key"].strip()
        detail = {
            "findings": statistics["findings"],
            "key_sha256": hashlib.sha256(key.encode()).hexdigest() if key else "",
        }
        return [counted(PROVENANCE, statistics["count"], common=common, detail=detail, n=statistics["files"])]


def _read(ref: Any) -> bytes:
    with open_verified(ref, limit=MAX_BUNDLE) as handle:
        return handle.read()


def _findings(bundle: bytes | None, public_key: str, digests: Mapping[str, str]) -> list[str]:
    """Nothing only if the files are exactly those that the holder of the key signed."""
    if bundle is None:
        return ["nobody signed these files"]
    if not public_key.strip():
        return ["there is a signature, and no key was given to check it with"]
    try:
        signed = signed_resources(bundle, public_key)
    except Untrusted as error:
        return [str(error)]
    return differences(signed, digests)
