"""Start Moodtracker: read the settings, open the database, mount the pages, start the clock."""

from moodtracker import starting  # noqa: F401 - it has to be the first

# isort: split
import logging
import os
import signal
import sys

import uvicorn
from nicegui import app as nicegui_app

import pages
from moodtracker import garbage, logs, open_files, python_holes, settings, stopping
from moodtracker.accounts.administrators import is_founded
from moodtracker.app import App
from moodtracker.database_trouble import DatabaseError
from moodtracker.settings import SettingsError
from moodtracker.worker import work
from pages.draining import DrainingServer
from pages.guard import frames
from pages.guard.connections import HttpConnection, SocketConnection

log = logging.getLogger("moodtracker")

CATCH_UP_SECONDS = 2.0
# How long one thread computes while another waits for its turn; by default it is 5 ms. A tap goes
# from the event loop to a thread, to the database and back: at each step it would wait so long for
# a thread that judges a password or draws a poster.
TURN_SECONDS = 0.001


def main() -> None:
    """Serve, or work without pages (ROLE=worker), until told to stop."""
    logs.configure()
    os.umask(0o077)  # what is written here is for nobody else on this machine
    open_files.allow_many()
    # Uvicorn and the worker stop by themselves; a signal before or after ends with 0 as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    try:
        config = settings.load()
        logs.configure(form=config.log_format)
        app = App.open(config)
    except (SettingsError, DatabaseError) as error:
        sys.exit(str(error))
    for name in settings.unknown_names():
        log.warning("%s is not a setting that this version knows", name)
    if holes := python_holes.known():
        log.warning("%s", holes)
    if app.smtp is None:
        log.warning("no mail server is set (MOODTRACKER_SMTP_HOST): finished years wait here")

    if config.role == "worker":
        work(app)
        return
    tell_setup_code(app)
    web = pages.mount(app)
    nicegui_app.on_startup(app.listen)
    nicegui_app.on_shutdown(lambda: stopping.no_later_than(stopping.WORKING_SECONDS))
    ticks = app.ticks() if config.role == "all" else app.ticks_of_pages()
    nicegui_app.on_startup(ticks.start)
    nicegui_app.timer(CATCH_UP_SECONDS, ticks.catch_up)
    nicegui_app.on_shutdown(ticks.stop)
    nicegui_app.on_shutdown(app.close)
    log.info("starting on %s port %d for %s", config.host, config.port, config.base_url)
    serving = uvicorn.Config(
        web,
        host=config.host,
        port=config.port,
        log_config=None,
        access_log=False,
        http=HttpConnection,
        ws=SocketConnection,
        ws_max_size=frames.LONGEST,
        proxy_headers=False,  # by default it believes whoever asks from this machine
        server_header=False,
        timeout_graceful_shutdown=stopping.ANSWERING_SECONDS,
    )
    sys.setswitchinterval(TURN_SECONDS)
    garbage.settle()  # before the server is made, for which NiceGUI looks through all that is not
    DrainingServer(serving, web, config.drain_seconds).run()


def tell_setup_code(app: App) -> None:
    """Tell whoever reads the log how the first person comes in, for as long as nobody is here."""
    if app.setup_code is None or app.settings.registration == "closed":
        return
    with app.database.read() as session:
        if is_founded(session):
            return
    log.warning(
        "nobody is here yet: open %s/register and give the setup code %s",
        app.settings.base_url,
        app.setup_code,
    )


if __name__ == "__main__":
    main()
