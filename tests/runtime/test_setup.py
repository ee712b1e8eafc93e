"""Set-up on a fresh machine: it installs what it may, and says clearly what it may not."""

import ast
import hashlib
import os
from pathlib import Path

import pytest

from registry.management.embedded import setup

RECORDER = """#!/bin/sh
echo "$@" >> {log}
"""
SUDO = """#!/bin/sh
shift
exec "$@"
"""


@pytest.fixture(autouse=True)
def own_log(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(setup, "LOG", tmp_path / "log" / "setup.log")


@pytest.fixture
def programs(tmp_path, monkeypatch) -> Path:
    """A PATH on which nothing is found but what a test puts there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)


def test_what_cannot_be_installed_is_named_with_the_command_that_would(programs) -> None:
    with pytest.raises(setup.SetupError, match="sudo apt-get install chromium poppler-utils"):
        setup.ensure_system(["chromium", "poppler-utils"], purpose="Testing in a browser")


def test_what_can_be_installed_is(programs, tmp_path) -> None:
    log = tmp_path / "asked"
    put(programs, "apt-get", RECORDER.format(log=log))
    put(programs, "sudo", SUDO)
    put(programs, "true", "#!/bin/sh\n")
    setup.ensure_system(["poppler-utils"], purpose="Testing in a browser")
    assert log.read_text().splitlines() == ["update", "install --yes --no-install-recommends poppler-utils"]


def test_nothing_missing_asks_for_nothing(programs) -> None:
    setup.ensure_system([], purpose="Anything")


def test_a_failed_installation_shows_the_end_of_its_log(programs) -> None:
    put(programs, "apt-get", "#!/bin/sh\necho no such package\nexit 100\n")
    put(programs, "sudo", SUDO)
    put(programs, "true", "#!/bin/sh\n")
    with pytest.raises(setup.SetupError, match="no such package"):
        setup.ensure_system(["poppler-utils"], purpose="Testing in a browser")


def test_a_machine_without_a_browser_is_noticed(programs) -> None:
    assert setup.missing_for_browser_tests() == ["chromium", "poppler-utils"]
    put(programs, "chromium", "")
    put(programs, "pdftoppm", "")
    assert setup.missing_for_browser_tests() == []


def test_that_everything_is_here_is_said_once(programs, tmp_path, monkeypatch, capsys) -> None:
    put(programs, "pip", "#!/bin/sh\necho Collecting x\necho Installing collected packages: x\n")
    (tmp_path / "requirements.txt").write_text("x==1\n")
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "PYTHON", programs / "pip")
    setup.ensure_environment()
    setup.ensure_files(("y==1",), what="test data")
    assert capsys.readouterr().out.count("everything is here") == 1


def test_files_of_packages_and_sources_are_fetched_once(programs, tmp_path, monkeypatch) -> None:
    put(programs, "pip", "#!/bin/sh\nexit 1\n")
    (tmp_path / "lib" / "python3.11" / "site-packages" / "Some_Files-1.0.dist-info").mkdir(parents=True)
    sources = tmp_path / "share"
    sources.mkdir()
    (sources / "vaderSentiment-3.3.2.tar.gz").touch()
    for name, value in {"VENV": tmp_path, "PYTHON": programs / "pip", "SOURCES": sources}.items():
        monkeypatch.setattr(setup, name, value)
    setup.ensure_files(("some-files==1.0",), what="files")
    setup.ensure_sentences()
    with pytest.raises(setup.SetupError, match="other files failed"):
        setup.ensure_files(("some-files==1.0", "some-files==2.0"), what="other files")


def test_unpacking_says_now_and_then_how_much_is_in_place(programs, tmp_path, monkeypatch, capsys) -> None:
    put(programs, "pip", "#!/bin/sh\necho Installing collected packages: x y\n/bin/sleep 0.4\n")
    for name in ("x-1.dist-info", "pip-26.dist-info"):
        (tmp_path / "lib" / "python3.11" / "site-packages" / name).mkdir(parents=True)
    (tmp_path / "lib" / "python3.11" / "site-packages" / "x.so").write_bytes(bytes(3_000_000))
    monkeypatch.setattr(setup, "VENV", tmp_path)
    monkeypatch.setattr(setup, "EVERY_S", 0.05)
    setup.run([str(programs / "pip")], what="packages", announce="Collecting", of=2)
    said = capsys.readouterr().out
    assert said.startswith("setup     everything is here; unpacking it\nsetup     unpacked: 1 of 2 packages, 3 MB\n")


def test_too_old_a_python_is_told_so(monkeypatch) -> None:
    monkeypatch.setattr(setup, "OLDEST", (99, 0))
    with pytest.raises(setup.SetupError, match=r"needs Python 3\.11 or newer"):
        setup.ensure_environment()


def test_even_an_old_python_can_read_the_file_that_tells_it() -> None:
    ast.parse(Path(setup.__file__).read_text(), feature_version=(3, 7))


def test_the_same_pins_are_installed_once(tmp_path, monkeypatch, programs) -> None:
    monkeypatch.setattr(setup, "VENV", tmp_path)
    digest = hashlib.sha256((setup.ROOT / "requirements.txt").read_bytes()).hexdigest()
    (tmp_path / "installed").write_text(f"{digest}\n")
    setup.ensure_environment()
    assert os.listdir(tmp_path / "bin") == []


def test_the_makefile_offers_what_the_readme_needs() -> None:
    targets = {line.split(":")[0] for line in (setup.ROOT / "Makefile").read_text().splitlines() if " ## " in line}
    assert {"demo", "test", "lint", "bench", "verify", "reset", "setup", "help"} <= targets
