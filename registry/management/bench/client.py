"""A load generator: so many clients that each ask again as soon as they were answered. One connection per request."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What one round saw: requests per second, the 99th percentile of their time in ms, and answers other than 200."""

    per_second: float
    p99_ms: float
    failures: int


async def _ask(port: int, request: bytes) -> bool:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read(-1)
    writer.close()
    return answer.startswith(b"HTTP/1.1 200")


async def _round(port: int, request: Callable[[int], bytes], clients: int, seconds: float) -> Load:
    times: list[float] = []
    failures = 0
    numbers = itertools.count(random.Random(5).randrange(10**6))  # noqa: S311 - which rows are asked for is no secret
    end = time.perf_counter() + seconds

    async def client() -> None:
        nonlocal failures
        while (began := time.perf_counter()) < end:
            failures += not await _ask(port, request(next(numbers) * 7919))
            times.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    ordered = sorted(times)
    return Load(
        per_second=len(times) / (time.perf_counter() - began),
        p99_ms=ordered[int(len(ordered) * 0.99)] * 1000,
        failures=failures,
    )


def load(port: int, request: Callable[[int], bytes], *, clients: int, seconds: float) -> Load:
    """Ask for `seconds` with `clients` at once; `request(n)` is the n-th request's bytes."""
    return asyncio.run(_round(port, request, clients, seconds))
