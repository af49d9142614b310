"""Pages are read anew a few at a time, and those with news before those that can wait."""

import asyncio

from pages.refreshing import AT_ONCE, Refreshing
from support.loops import run


class Page:
    """One that takes its time to be read, and counts who is read meanwhile."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.running = 0

    async def refresh(self):
        self.log.running += 1
        self.log.most = max(self.log.most, self.log.running)
        await asyncio.sleep(0)
        self.log.order.append(self.name)
        self.log.running -= 1
        if len(self.log.order) == self.log.expected:
            self.log.all_done.set()


class Log:
    def __init__(self, expected):
        self.expected = expected
        self.order = []
        self.running = self.most = 0
        self.all_done = asyncio.Event()


def refreshed(count, ask):
    """What happens where ``ask`` asks for some of so many pages, each once."""

    async def scenario():
        log = Log(count)
        ask(Refreshing(), [Page(number, log) for number in range(count)])
        await log.all_done.wait()
        return log

    return run(scenario())


def test_hundreds_of_pages_are_read_a_few_at_a_time_and_each_in_the_end():
    def ask(refreshing, pages):
        for page in pages:
            refreshing.by_and_by(page)

    log = refreshed(500, ask)
    assert log.most == AT_ONCE
    assert sorted(log.order) == list(range(500))


def test_a_page_with_news_goes_before_all_that_can_wait():
    def ask(refreshing, pages):
        for page in pages:
            refreshing.by_and_by(page)
        refreshing.soon(pages[-1])

    log = refreshed(300, ask)
    assert log.order.index(299) <= AT_ONCE
    assert sorted(log.order) == list(range(300))


def test_a_page_that_is_asked_for_again_while_it_waits_is_read_once_and_keeps_its_rank():
    def ask(refreshing, pages):
        for page in pages[:-1]:
            refreshing.by_and_by(page)
        refreshing.soon(pages[-1])
        for page in pages[AT_ONCE:]:
            refreshing.by_and_by(page)

    log = refreshed(50, ask)
    assert log.order.index(49) <= AT_ONCE
    assert sorted(log.order) == list(range(50))


def test_a_page_that_is_gone_is_not_read():
    def ask(refreshing, pages):
        for page in pages:
            refreshing.by_and_by(page)
        for page in pages[10:]:
            page.log.expected -= 1
            refreshing.forget(page)

    assert sorted(refreshed(20, ask).order) == list(range(10))


def test_a_page_that_fails_keeps_no_other_from_being_read():
    class Failing(Page):
        async def refresh(self):
            raise ValueError

    def ask(refreshing, pages):
        for page in pages:
            refreshing.by_and_by(Failing("", page.log))
            refreshing.by_and_by(page)

    assert sorted(refreshed(20, ask).order) == list(range(20))
