"""The supervisor: what falls is started again, what was started is ended, also what it had started itself."""

import os
import subprocess
import sys
import time
from dataclasses import replace

import psutil
import pytest

from registry.management.embedded.processes import Program, Supervisor, end_leftovers

SLEEPER = "import time; time.sleep(600)"
# A worker whose own child lives in a session of its own, as the evaluation child does.
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], start_new_session=True)
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def supervisor(tmp_path, said):
    supervisor = Supervisor(home=tmp_path, folder=tmp_path, say=lambda name, text: said.append(f"{name}: {text}"))
    yield supervisor
    supervisor.stop()


def python(name: str, code: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-c", code, *arguments), dict(os.environ))


def eventually(condition, *, tick=lambda: None) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        tick()
        time.sleep(0.05)


def test_a_program_that_falls_is_started_again(supervisor, said) -> None:
    supervisor.start(python("worker", SLEEPER))
    first = supervisor.running[0].process
    first.kill()
    eventually(lambda: supervisor.running[0].process is not first, tick=supervisor.tick)
    assert supervisor.running[0].process.poll() is None
    assert "worker: ended with status -9" in said[0]


def test_one_that_keeps_falling_is_started_ever_more_rarely(supervisor) -> None:
    supervisor.start(python("worker", "raise SystemExit(1)"))
    eventually(lambda: supervisor.running[0].pause >= 4, tick=supervisor.tick)


@pytest.mark.parametrize(("status", "complaints"), [(0, 0), (3, 1)])
def test_one_with_an_end_of_its_own_is_shown_and_not_started_again(supervisor, said, status, complaints) -> None:
    supervisor.start(replace(python("seeding", f"print('half'); raise SystemExit({status})"), ends=True))
    supervisor.start(python("worker", SLEEPER))
    eventually(lambda: len(supervisor.running) == 1 and "seeding: half" in said, tick=supervisor.tick)
    assert supervisor.running[0].program.name == "worker"
    assert sum("ended with status 3" in line for line in said) == complaints


def test_stopping_ends_grandchildren_in_sessions_of_their_own(supervisor, tmp_path) -> None:
    noted = tmp_path / "pid"
    supervisor.start(python("worker", PARENT, str(noted)))
    eventually(lambda: noted.exists() and noted.read_text())
    grandchild = psutil.Process(int(noted.read_text()))
    assert supervisor.stop() == []
    eventually(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_one_that_will_not_end_is_ended(supervisor, monkeypatch) -> None:
    monkeypatch.setattr("registry.management.embedded.processes.POLITE_S", 0.5)
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf'); time.sleep(600)"
    supervisor.start(python("worker", stubborn.replace("print('deaf')", "open('deaf', 'w').close()")))
    eventually((supervisor.folder / "deaf").exists)
    process = supervisor.running[0].process
    assert supervisor.stop() == []
    assert process.poll() == -9


def test_a_task_shows_its_lines_and_returns_its_status(supervisor, said) -> None:
    task = python("migrate", "print('one'); print('two'); raise SystemExit(3)")
    assert supervisor.run(task) == 3
    assert said == ["migrate: one", "migrate: two"]
    assert supervisor.log_of(task).read_text() == "one\ntwo\n"
    assert supervisor.running == []


def test_what_a_killed_supervisor_left_behind_is_ended_by_the_next(tmp_path) -> None:
    script = f"""
import os, signal, sys
from pathlib import Path
from registry.management.embedded.processes import Program, Supervisor
home = Path({str(tmp_path)!r})
supervisor = Supervisor(home=home, folder=home, say=print)
supervisor.start(Program("worker", (sys.executable, "-c", {SLEEPER!r}), dict(os.environ)))
print(supervisor.running[0].process.pid)
sys.stdout.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    environ = {**os.environ, "PYTHONPATH": os.getcwd()}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environ)
    orphan = psutil.Process(int(done.stdout))
    assert orphan.is_running()
    assert end_leftovers(tmp_path)
    eventually(lambda: not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE)
    assert not end_leftovers(tmp_path)
