"""What Moodtracker knows and does, without a browser."""

__version__ = "0.1.0"
