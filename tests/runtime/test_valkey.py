"""The embedded Valkey: private, and harmless to lose."""

import pytest
import redis
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

from registry.management.embedded import pidfile
from registry.management.embedded.valkey import Valkey


@pytest.fixture
def valkey(servers_home):
    server = Valkey(servers_home)
    server.start()
    return server


def client(valkey: Valkey, password: str) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(valkey.socket), password=password, retry=Retry(NoBackoff(), 0))


def test_it_lets_nobody_in_without_the_password(valkey) -> None:
    with client(valkey, "guess") as session, pytest.raises(redis.AuthenticationError):
        session.ping()


def test_celerys_transport_reads_its_address(valkey) -> None:
    with Connection(valkey.url()) as connection:
        queue = connection.SimpleQueue("greetings")
        queue.put("hello")
        assert queue.get(timeout=5).payload == "hello"
        queue.close()


def test_it_listens_on_no_port_and_keeps_nothing(valkey) -> None:
    with client(valkey, valkey.passwords.of("valkey")) as session:
        assert session.config_get("port") == {"port": "0"}
        assert session.config_get("appendonly") == {"appendonly": "no"}


def test_it_starts_again_after_a_kill(valkey) -> None:
    process = pidfile.recall(valkey.pid_file)
    process.kill()
    assert pidfile.wait_gone(process, seconds=10)
    assert not valkey.is_running()
    valkey.start()
    with client(valkey, valkey.passwords.of("valkey")) as session:
        assert session.ping()


def test_the_password_is_not_among_the_arguments(valkey) -> None:
    process = pidfile.recall(valkey.pid_file)
    assert valkey.passwords.of("valkey") not in " ".join(process.cmdline())
