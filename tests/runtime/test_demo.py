"""`make demo` as a person meets it: one command, every process real, Ctrl-C ends them all, the data stays."""

import psutil
import pytest

from tests.demo import AGAIN_S

pytestmark = pytest.mark.flow


def test_it_tells_people_and_programs_the_same(demo) -> None:
    facts = demo.facts()
    said = demo.said.read_text()
    assert facts["url"] in said
    assert facts["token"] in said
    assert all(account["username"] in said for account in facts["accounts"])
    assert len(facts["try"]) == 4


def test_every_process_is_there_and_the_page_opens(demo) -> None:
    running = " | ".join(" ".join(process.cmdline()) for process in demo.family())
    for part in ("valkey-server", "gunicorn registry.wsgi", "celery -A registry worker", "manage.py reap", "notary"):
        assert part in running
    assert demo.postgres().is_running()
    assert demo.status() in {200, 302}


def test_ctrl_c_ends_everything_and_a_second_start_keeps_the_data(demo) -> None:
    before = demo.facts()
    family = demo.family()
    assert demo.interrupt() == 0
    assert [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE] == []
    assert not demo.postgres().is_running()
    assert "everything it started has ended" in demo.said.read_text()
    demo.start(seconds=AGAIN_S)
    assert demo.facts()["accounts"] == before["accounts"]
