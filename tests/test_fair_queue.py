"""Waiting in turn: nobody's many before another's first."""

import asyncio

import pytest

from moodtracker.fair_queue import Busy, FairQueue, leave_turn
from support.loops import run


def queue(at_once=1, each=100, most=100):
    return FairQueue(at_once, each=each, most=most)


async def stand_in(line, holder, order, *, trusted=False):
    async with line.turn(holder, trusted=trusted):
        order.append(holder)
        await asyncio.sleep(0)


def order_of(*holders, trusted=(), **how):
    """In which order they have their turn who come in this order while somebody else has it."""

    async def all_of_them():
        line, order = queue(**how), []
        async with line.turn("first"):
            tasks = [
                asyncio.create_task(stand_in(line, each, order, trusted=each in trusted))
                for each in holders
            ]
            await asyncio.sleep(0)
        await asyncio.gather(*tasks)
        return "".join(order)

    return run(all_of_them())


def test_who_comes_first_has_the_first_turn():
    assert order_of(*"abc") == "abc"


def test_one_s_many_come_after_another_s_first():
    assert order_of(*"aaaaabbc") == "abcabaaa"


def test_who_is_trusted_comes_before_whoever_is_not():
    assert order_of(*"aabk", trusted="k") == "kaba"


def test_no_more_than_so_many_have_their_turn_at_once():
    at_once = most = 0

    async def one(line, number):
        nonlocal at_once, most
        async with line.turn(f"{number}"):
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0)
            at_once -= 1

    async def many():
        line = queue(at_once=3)
        await asyncio.gather(*(one(line, number) for number in range(20)))

    run(many())
    assert most == 3


def test_one_too_many_of_one_is_refused_and_another_is_not():
    async def three():
        line, order = queue(each=2), []
        async with line.turn("a"):
            waiting = [asyncio.create_task(stand_in(line, "a", order)) for _ in range(2)]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await stand_in(line, "a", order)
            waiting.append(asyncio.create_task(stand_in(line, "b", order)))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return order

    assert run(three()) == ["b", "a", "a"]


def test_a_line_that_is_full_of_others_still_takes_who_is_trusted():
    async def full():
        line, order = queue(most=2), []
        async with line.turn("first"):
            waiting = [asyncio.create_task(stand_in(line, each, order)) for each in "ab"]
            await asyncio.sleep(0)
            with pytest.raises(Busy):
                await stand_in(line, "c", order)
            waiting.append(asyncio.create_task(stand_in(line, "k", order, trusted=True)))
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return order

    assert run(full()) == ["k", "a", "b"]


def test_a_turn_may_be_left_before_all_is_done():
    async def leave_early():
        line, order = queue(), []
        async with line.turn("a"):
            leave_turn()
            await stand_in(line, "b", order)
        await stand_in(line, "c", order)
        async with line.turn("d"):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(stand_in(line, "e", order), 0.01)
        return order

    assert run(leave_early()) == ["b", "c"]


def test_who_gives_up_or_fails_takes_nobody_s_turn():
    async def some_leave():
        line, order = queue(), []
        async with line.turn("first"):
            leaving = [asyncio.create_task(stand_in(line, each, order)) for each in "ab"]
            staying = asyncio.create_task(stand_in(line, "c", order))
            await asyncio.sleep(0)
            leaving[0].cancel()
        leaving[1].cancel()  # whose turn it has just become
        await asyncio.wait([*leaving, staying])
        with pytest.raises(ZeroDivisionError):
            async with line.turn("d"):
                raise ZeroDivisionError
        await stand_in(line, "e", order)
        return order

    assert run(some_leave()) == ["c", "e"]
