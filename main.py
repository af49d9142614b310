"""Start Moodtracker: read the settings, open the database, mount the pages, start the clock."""

import logging
import sys

import uvicorn
from nicegui import app as nicegui_app

import pages
from moodtracker import logs, settings
from moodtracker.app import App
from moodtracker.database import DatabaseError
from moodtracker.settings import SettingsError

log = logging.getLogger("moodtracker")

CATCH_UP_SECONDS = 2.0


def main() -> None:
    """Serve until told to stop."""
    logs.configure()
    try:
        config = settings.load()
        app = App.open(config)
    except (SettingsError, DatabaseError) as error:
        sys.exit(str(error))
    for name in settings.unknown_names():
        log.warning("%s is not a setting that this version knows", name)
    if app.smtp is None:
        log.warning("no mail server is set (MOODTRACKER_SMTP_HOST): finished years wait here")

    web = pages.mount(app)
    ticks = app.ticks()
    nicegui_app.on_startup(ticks.start)
    nicegui_app.timer(CATCH_UP_SECONDS, ticks.catch_up)
    nicegui_app.on_shutdown(ticks.stop)
    nicegui_app.on_shutdown(app.close)
    log.info("starting on %s port %d for %s", config.host, config.port, config.base_url)
    uvicorn.run(web, host=config.host, port=config.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
