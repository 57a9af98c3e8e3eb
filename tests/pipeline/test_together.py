"""Work done for many at once is for each as if it had been done alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from monitor.pipeline.together import Together


def halves(numbers: Sequence[int]) -> list[int]:
    if any(number % 2 for number in numbers):
        raise ValueError(f"odd: {[number for number in numbers if number % 2]}")
    return [number // 2 for number in numbers]


def test_those_who_ask_meanwhile_are_served_together_each_with_its_own() -> None:
    asked: list[int] = []

    def work(numbers: Sequence[int]) -> list[int]:
        asked.append(len(numbers))
        return halves(numbers)

    async def ask() -> list[int]:
        with ThreadPoolExecutor(1) as pool:
            together = Together(work, pool, at_most=10)
            return await asyncio.gather(*(together(number) for number in range(0, 50, 2)))

    assert asyncio.run(ask()) == list(range(25))
    assert sum(asked) == 25
    assert max(asked) == 10


def test_one_that_fails_fails_alone() -> None:
    async def ask() -> list[int | BaseException]:
        together = Together(halves, None, at_most=10)
        return await asyncio.gather(*(together(number) for number in (2, 3, 4)), return_exceptions=True)

    good, bad, other = asyncio.run(ask())
    assert (good, other) == (1, 2)
    assert str(bad) == "odd: [3]"


def test_one_that_is_cancelled_does_not_take_the_others_along() -> None:
    async def ask() -> int:
        together = Together(halves, None, at_most=10)
        given_up = asyncio.create_task(together(2))
        stays = asyncio.create_task(together(4))
        await asyncio.sleep(0)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        return await stays

    assert asyncio.run(ask()) == 2
