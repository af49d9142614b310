"""Python's garbage collector, told that what a start leaves behind is here to stay."""

import gc

# New containers between two looks at the young ones. A board is drawn from some thousand that are
# gone at its end: by default (700) they are looked at several times for each page.
_YOUNG = 20_000


def settle() -> None:
    """Take all that is there now out of every later search for garbage, and let searches begin.

    A full search stops the whole process: with a thousand open pages for half a second, of which
    what libraries leave behind is a good part. There is next to no garbage in it: it is not
    searched before.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    gc.enable()
