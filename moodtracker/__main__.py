"""`python -m moodtracker` does what `moodtracker` does."""

from moodtracker.cli import main

main()
