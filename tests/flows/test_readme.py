"""The README's commands, run as they stand there: the tour through the API alone, and the pipeline's part."""

import os
import re
import subprocess
import time

import pypdf
import pytest

from tests.databases import ROOT
from tests.demo import Demo

pytestmark = pytest.mark.flow


def blocks() -> list[str]:
    """The bash blocks of the README, in their order."""
    return re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


def run(script: str, demo: Demo) -> str:
    """Run it where a reader stands: in the checkout, except that the demo's home is the test's own."""
    environ = {**os.environ, "ASSAY_HOME": str(demo.home), "PATH": f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=demo.home,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout + done.stderr


def prepared(script: str) -> str:
    """Names of files in the checkout, spelled out, since the script runs in a folder of its own."""
    for name in ("registry/management/assay.py", "static/verify.py", "README.md", ".venv/bin/python"):
        script = script.replace(name, str(ROOT / name))
    return script


@pytest.fixture(scope="module")
def told(fresh_demo: Demo) -> str:
    through_api, as_pipeline = blocks()[:2]
    return run(prepared(through_api + "\nsleep 3\n" + as_pipeline), fresh_demo)


def test_the_api_says_why_the_blocked_model_is_refused(told: str) -> None:
    assert '"approved": false' in told
    assert "demographic_parity_ratio" in told
    assert '"unblock"' in told


def test_the_pipeline_is_told_no_and_then_yes_by_exit_code(told: str) -> None:
    assert re.findall(r"exit code (\d)", told)[:2] == ["1", "0"]


def test_the_approval_verifies_for_its_own_files_and_no_others(told: str) -> None:
    assert re.findall(r"exit code (\d)", told)[2:4] == ["0", "2"], told[-3000:]
    assert "APPROVED" in told
    assert "REFUSED" in told


def test_the_dossier_of_the_approved_version_answers_on_its_first_page_and_has_26_at_most(
    told: str, fresh_demo: Demo
) -> None:
    pk = fresh_demo.facts()["versions"]["lending/mortgage-approval@2"]["id"]
    address = f"http://localhost:{fresh_demo.port}/versions/{pk}/dossier.pdf"
    run(f"curl -s --fail -b ada.cookies -o dossier.pdf {address}", fresh_demo)
    pages = pypdf.PdfReader(fresh_demo.home / "dossier.pdf").pages
    first = pages[0].extract_text()
    assert "In use" in first
    assert "signed by Grace Hopper" in " ".join(first.split())
    assert len(pages) <= 26


def test_the_approval_verifies_with_no_server_running(told: str, fresh_demo: Demo) -> None:
    fresh_demo.interrupt()
    folder = fresh_demo.facts()["versions"]["lending/mortgage-approval@2"]["folder"]
    command = (
        f"python -I {ROOT}/static/verify.py yes.json --key notary.pem --dir {folder} --stage inference; echo code $?"
    )
    assert "code 0" in run(command, fresh_demo)
    began = time.monotonic()
    fresh_demo.start(seconds=90)
    assert fresh_demo.status("/healthz") == 200, f"it was not back after {time.monotonic() - began:.0f} s"
