"""The same year by Flask and Jinja2, as Flask's tutorial would: template, sqlite3, Waitress."""

import os

import waitress
from flask import Flask, render_template, request

from benchmarks.baselines.entries import COLOURS, MOODS, year_of

app = Flask(__name__)


@app.get("/")
def page() -> str:
    """Five buttons and a table of days."""
    return render_template(
        "year.html", months=year_of(request.cookies["moodtracker"]), moods=MOODS, colours=COLOURS
    )


waitress.serve(app, host="127.0.0.1", port=int(os.environ["PORT"]), _quiet=True)
