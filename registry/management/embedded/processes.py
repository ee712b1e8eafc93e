"""Run several programs as one: logs in files, crashed ones started again, every one ended when we end.

Children get process groups of their own, so that a Ctrl-C reaches us alone and we end them in order.
"""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from registry.management.embedded.pidfile import TOLERANCE_S, still_alive
from registry.management.embedded.places import Account, dropping_to

TICK_S = 0.2
POLITE_S = 10.0
STEADY_S = 60.0
LONGEST_PAUSE_S = 30.0
Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Program:
    """One command with its own environment. A `foundation` is stopped only after all that stand on it."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    account: Account | None = None
    foundation: bool = False
    # Has an end of its own, so it is not started again; its lines are shown.
    ends: bool = False


@dataclass
class Running:
    """A started program, and when it may be started again should it fall over."""

    program: Program
    process: subprocess.Popen[bytes]
    began: float = field(default_factory=time.monotonic)
    pause: float = 1.0
    retry_at: float | None = None


class Supervisor:
    """Starts programs, keeps them up while somebody ticks, and stops them all."""

    def __init__(self, *, home: Path, folder: Path, say: Say) -> None:
        self.logs = home / "log"
        self.record = home / "run" / "processes.json"
        self.folder = folder
        self.say = say
        self.running: list[Running] = []
        self.logs.mkdir(parents=True, exist_ok=True)
        self.record.parent.mkdir(parents=True, exist_ok=True)

    def log_of(self, program: Program) -> Path:
        return self.logs / f"{program.name}.log"

    def start(self, program: Program) -> None:
        """Start a program beside the others; its output goes to its log, and is shown if it has an end of its own."""
        process = self.launch(program, piped=program.ends)
        self.running.append(Running(program, process))
        self.write_record()
        if program.ends:
            threading.Thread(target=self.relay, args=(program, process), daemon=True).start()

    def launch(self, program: Program, *, piped: bool = False) -> subprocess.Popen[bytes]:
        with self.log_of(program).open("ab") as log:
            return subprocess.Popen(
                program.command,
                cwd="/" if program.account else self.folder,
                env=dict(program.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if piped else log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **dropping_to(program.account),
            )

    def run(self, program: Program) -> int:
        """Run a program to its end, showing its lines and keeping the others up; returns its exit status."""
        process = self.launch(program, piped=True)
        task = Running(program, process)
        self.running.append(task)
        self.write_record()
        reader = threading.Thread(target=self.relay, args=(program, process), daemon=True)
        reader.start()
        while process.poll() is None:
            self.tick(skip=task)
            time.sleep(TICK_S)
        reader.join()
        self.running.remove(task)
        self.write_record()
        return process.returncode

    def relay(self, program: Program, process: subprocess.Popen[bytes]) -> None:
        """Show each line as it comes, and keep it."""
        assert process.stdout is not None  # noqa: S101 — launch(piped=True) made it
        with self.log_of(program).open("ab", buffering=0) as log, process.stdout:
            for line in process.stdout:
                log.write(line)
                self.say(program.name, line.decode(errors="replace").rstrip())

    def tick(self, *, skip: Running | None = None) -> None:
        """Notice who has fallen over, and start them again after a pause that grows while they keep falling."""
        now = time.monotonic()
        for entry in list(self.running):
            if entry is skip or entry.process.poll() is None:
                continue
            if entry.program.ends:
                self.take_leave(entry)
                continue
            if entry.retry_at is None:
                if now - entry.began > STEADY_S:
                    entry.pause = 1.0
                entry.retry_at = now + entry.pause
                ended = f"ended with status {entry.process.returncode}; next start in {entry.pause:.0f} s, see"
                self.say(entry.program.name, f"{ended} {self.log_of(entry.program)}")
                entry.pause = min(entry.pause * 2, LONGEST_PAUSE_S)
            elif now >= entry.retry_at:
                signal_group(entry.process.pid, signal.SIGKILL)  # what the fallen one left in its group
                entry.process = self.launch(entry.program)
                entry.began, entry.retry_at = now, None
                self.write_record()

    def take_leave(self, entry: Running) -> None:
        """A program that has an end of its own has come to it."""
        self.running.remove(entry)
        self.write_record()
        if entry.process.returncode:
            said = f"ended with status {entry.process.returncode}, see {self.log_of(entry.program)}"
            self.say(entry.program.name, f"{said}; nothing else is touched by it")

    def stop(self) -> list[str]:
        """End every program and every process these have started; returns who is still there (nobody, one hopes)."""
        survivors: list[psutil.Process] = []
        for foundation in (False, True):
            entries = [entry for entry in self.running if entry.program.foundation is foundation]
            survivors += end_trees(entry.process.pid for entry in reversed(entries) if entry.process.poll() is None)
            for entry in entries:
                entry.process.poll()
        self.running.clear()
        self.record.unlink(missing_ok=True)
        return [f"{process.pid}" for process in survivors]

    def write_record(self) -> None:
        """Leave word of what runs, for a start after we were killed."""
        alive = [psutil.Process(entry.process.pid) for entry in self.running if entry.process.poll() is None]
        entries = [{"pid": process.pid, "started": process.create_time()} for process in alive]
        self.record.write_text(json.dumps(entries))


def end_leftovers(home: Path) -> bool:
    """End what an earlier run left behind when it was killed; whether there was such a run."""
    record = home / "run" / "processes.json"
    if not record.exists():
        return False
    entries = json.loads(record.read_text() or "[]")
    end_trees(entry["pid"] for entry in entries if same_process(entry["pid"], entry["started"]))
    record.unlink()
    return True


def same_process(pid: int, started: float) -> bool:
    try:
        return bool(abs(psutil.Process(pid).create_time() - started) < TOLERANCE_S)
    except psutil.NoSuchProcess:
        return False


def end_trees(pids: Iterable[int]) -> list[psutil.Process]:
    """Ask these groups to end and wait for their leaders; whatever is left of them or descends from them is killed."""
    leaders: list[psutil.Process] = []
    descendants: list[psutil.Process] = []
    for pid in pids:
        leader, *others = with_descendants(pid) or [None]
        leaders += [leader] if leader else []
        descendants += others
        signal_group(pid, signal.SIGTERM)
    left = still_alive(leaders, seconds=POLITE_S) + still_alive(descendants, seconds=0)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    return still_alive(left, seconds=POLITE_S)


def with_descendants(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def signal_group(pid: int, number: signal.Signals) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return
