"""The image, built and run for real."""

import json
import os
import re
import shutil
import subprocess
import textwrap
import time

import httpx
import pytest

from moodtracker.backups import look_at
from support.container import Container, Engine
from support.journey import walk
from support.old_database import DAYS, PEOPLE, make_old_database
from support.server import ROOT, free_port

pytestmark = pytest.mark.xdist_group("container")

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def engine():
    found = Engine()
    yield found
    found.remove_all()


@pytest.fixture(scope="module")
def base(engine):
    return engine.make_base()


@pytest.fixture(scope="module")
def image(engine, base):
    return engine.build(base)


@pytest.fixture
def container(engine, image, request):
    """A container that is not started yet, with a volume of its own."""
    made = Container(engine, image, request.node.name[:40], {})
    yield made
    engine("rm", "--force", "--volumes", made.name, check=False)


def test_the_image_is_small_and_runs_as_nobody_in_particular(engine, image):
    found = engine.inspect(image)
    assert found["Size"] < 250 * MEGABYTE
    assert found["Config"]["User"] == "10001:10001"
    assert found["Config"]["Volumes"] == {"/data": {}}
    assert found["Config"]["Labels"]["org.opencontainers.image.title"] == "Moodtracker"


def test_the_image_says_package_by_package_what_is_in_it(engine, image):
    said = engine("run", "--rm", "--entrypoint=cat", image, "/app/sbom.json")
    told, _ = json.JSONDecoder().raw_decode(said)  # the engine's own words come after it
    assert told["bomFormat"] == "CycloneDX"
    # Names as PyPI compares them (PEP 503).
    inside = {
        re.sub(r"[-_.]+", "-", part["name"]).lower(): part["version"] for part in told["components"]
    }
    lock = (ROOT / "requirements.lock").read_text()
    pinned = dict(re.findall(r"^([\w.-]+)(?:\[[^]]+\])?==(\S+)", lock, re.MULTILINE))
    assert inside.keys() - pinned.keys() <= {"moodtracker"}
    assert not {"nicegui", "sqlmodel", "authlib"} - inside.keys()
    assert all(pinned[name] == inside[name] for name in inside.keys() & pinned.keys())


def test_the_journey_survives_kill_and_restart_and_stops_cleanly(container, open_browser):
    container.run("--volume=mood-journey:/data")
    page = open_browser(container, timezone_id="Europe/Berlin").new_page()
    (code,) = re.findall(r"setup code (\S+)", container.log)
    board = walk(page, container.url, code)

    container.engine("kill", "--signal=KILL", container.name)
    container.engine("start", container.name)
    container.await_ready()
    page.reload()
    board.await_moods("Good", "Bad")

    # An open page is told of the stop, and is back by itself after it.
    container.engine("stop", "--time=10", container.name)
    # Else it was killed, as after a longer time.
    assert container.engine.inspect(container.name)["State"]["ExitCode"] == 0
    page.wait_for_function("window.socket === undefined || !window.socket.connected")
    container.engine("start", container.name)
    container.await_ready()
    board.await_connection()
    page.click("#back-2")
    board.await_moods("Good")
    assert "Traceback" not in container.log


def test_nothing_but_the_data_can_be_written_and_that_by_its_owner_alone(container):
    container.run()
    inside = ["exec", container.name, "sh", "-c"]
    assert "Read-only file system" in container.engine(*inside, "touch /app/x", check=False)
    assert container.engine(*inside, "stat -c %a /data/moodtracker.db").strip() == "600"
    assert "uid=10001" in container.engine(*inside, "id")


def test_a_large_older_database_is_upgraded_and_restored_without_a_tmp(container, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    make_old_database(data / "moodtracker.db", "0004")
    shutil.copy(data / "moodtracker.db", data / "old.db")
    for path in (data, *data.iterdir()):
        os.chown(path, 10001, 10001)
    container.run(f"--volume={data}:/data")
    assert "Read-only file system" in container.engine(
        "exec", container.name, "sh", "-c", "touch /tmp/x /var/tmp/x", check=False
    )
    inside = ["exec", container.name, "moodtracker"]
    container.engine(*inside, "user", "delete", "many7", "--yes")
    container.engine(*inside, "backup", "/data/mine.db")
    container.engine("stop", container.name)
    restoring = ["restore", "/data/old.db", "--overwrite"]
    said = container.engine(
        "run", "--rm", "--network=host", "--read-only", *container.engine.without_tmp(),
        f"--volume={data}:/data", container.image, *restoring,
    )  # fmt: skip
    assert f"moods {look_at(data / 'mine.db').moods + 2 * DAYS}" in said
    assert look_at(data / "moodtracker.db").moods > 2 * PEOPLE * DAYS


def test_it_is_unhealthy_once_its_database_goes_away(container):
    container.run()
    assert container.is_healthy()
    container.engine(
        "exec", container.name, "sh", "-c", "rm /data/moodtracker.db*; touch /data/moodtracker.db"
    )
    assert not container.is_healthy()


def test_data_that_cannot_be_written_are_said_in_one_sentence_with_the_cure(
    engine, image, tmp_path
):
    said = engine("run", "--rm", "--network=host", f"--volume={tmp_path}:/data", image, check=False)
    lines = [line for line in said.splitlines() if "systemd" not in line]
    assert len(lines) == 1
    assert lines[0].startswith("/data cannot be written")
    assert lines[0].endswith("chown -R 10001:10001 /data")


def test_the_commands_run_in_the_container_too(container, tmp_path):
    container.run()
    assert "is whole" in container.engine("exec", container.name, "moodtracker", "check")
    assert container.engine("exec", container.name, "moodtracker", "user", "list") == ""


# A Debian without venv; where apt asks, somebody says yes.
BARE = """
dpkg --remove --force-depends python3-venv python3.11-venv
apt-get update
echo 'APT::Get::Assume-Yes true;' >/etc/apt/apt.conf.d/yes
cd /source
set -e
"""


def test_the_readmes_two_commands_work_as_written_on_a_bare_debian(engine, base, tmp_path):
    section = (ROOT / "README.md").read_text().partition("\n## Run it\n")[2]
    commands = textwrap.dedent(re.search(r"(?:^    .+\n)+", section, re.M)[0])
    assert commands.splitlines()[1:] == ["make run"]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    for name in tracked.stdout.decode().splitlines():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    port = free_port()
    engine(
        "run", "--detach", "--name=bare", "--network=host", *engine.reach(),
        f"--volume={tmp_path}:/source", f"--env=MOODTRACKER_PORT={port}", base,
        "sh", "-c", BARE + commands,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 900  # packages are fetched, on a machine that may be busy
        while time.monotonic() < deadline and not served(f"http://localhost:{port}/readyz"):
            assert engine.inspect("bare")["State"]["Running"], engine("logs", "bare")
            time.sleep(0.5)
        assert served(f"http://localhost:{port}/readyz"), engine("logs", "bare")
    finally:
        engine("rm", "--force", "bare")


def served(address):
    try:
        return httpx.get(address).status_code == 200
    except httpx.TransportError:
        return False
