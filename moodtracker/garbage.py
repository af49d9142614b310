"""Python's garbage collector, told that what a start leaves behind is here to stay."""

import gc

# New containers between two looks at the young ones. A board is drawn from some thousand that are
# gone at its end: by default (700) they are looked at several times for each page.
_YOUNG = 20_000
_NEVER = 1_000_000_000
_WORTH_IT = 10  # searches of the middle-aged since the last full one, as Python has it
_FEW_PAGES = 300  # in 0.15 s all of them are searched
_PUT_OFF_AT_MOST = 24 * 60  # looks


class FullSearches:
    """Chooses when all that there is is searched for garbage; Python by itself does not any more.

    The whole process stands still meanwhile, with 5,000 open pages for two seconds and a half, and
    Python would do so with every fourth page more. Next to nothing is found: a page that goes
    leaves no circle.
    """

    def __init__(self) -> None:
        """From now on Python searches what is young, and nothing else."""
        gc.set_threshold(*gc.get_threshold()[:2], _NEVER)
        self._put_off = 0

    def look(self, pages: int) -> None:
        """Once a minute, with the number of open pages: search if they are few, or once a day."""
        if gc.get_count()[2] < _WORTH_IT:
            return
        self._put_off += 1
        if pages <= _FEW_PAGES or self._put_off >= _PUT_OFF_AT_MOST:
            self._put_off = 0
            gc.collect()


def settle() -> None:
    """Take all that is there now out of every later search for garbage, and let searches begin.

    What libraries leave behind is a good part of a full search, and there is next to no garbage in
    it: it is not searched before.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    gc.enable()
