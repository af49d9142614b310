import re

import httpx
import pytest

from support.server import Server
from support.waiting import await_that

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = Server(tmp_path_factory.mktemp("server"), METRICS_TOKEN=TOKEN).start()
    running.cookie = running.register("ada")
    yield running
    running.stop()


def lines_about(server, ask):
    """What the log says about what ``ask`` does: a line is written after its answer was sent."""
    before = len(server.settled_log().splitlines())
    answer = ask()
    last = httpx.get(f"{server.url}/login").headers["x-request-id"]
    server.await_log(last)
    told = [line.partition("info ")[2] for line in server.log.splitlines()[before:]]
    return answer, [line for line in told if last not in line]


def test_a_page_leaves_one_line_with_the_id_that_its_answer_carries(server):
    answer, told = lines_about(server, lambda: httpx.get(f"{server.url}/login"))
    about = answer.headers["x-request-id"]
    assert len(told) == 1
    assert re.fullmatch(rf"GET /login 200 \d+ ms \[{about}\]", told[0])


@pytest.mark.parametrize("path", ["/login?token=s3cret", "/login?next=/%3Finvitation%3Ds3cret"])
def test_no_query_is_told_since_links_carry_their_tokens_there(server, path):
    _, told = lines_about(server, lambda: httpx.get(f"{server.url}{path}"))
    assert len(told) == 1
    assert "s3cret" not in told[0]


def test_what_a_person_types_is_not_told(server):
    form = {"login": "ada-the-first", "password": "s3cret-of-the-house"}
    _, told = lines_about(server, lambda: httpx.post(f"{server.url}/login", data=form))
    assert [line[:11] for line in told] == ["POST /login"]
    assert "ada" not in told[0]
    assert "s3cret" not in told[0]


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/assets/style.css", "/wp-login.php", "/moods.csv", "/metrics"]
)
def test_what_does_not_matter_leaves_no_line(server, path):
    _, told = lines_about(server, lambda: httpx.get(f"{server.url}{path}"))
    assert told == []


def test_no_path_can_forge_a_line_or_fill_the_log(server):
    path = "/login%0A2026-11-24 forged" + "x" * 5000
    _, told = lines_about(server, lambda: httpx.post(f"{server.url}{path}"))
    assert all(len(line) < 200 and "\n" not in line for line in told)


def test_a_mood_leaves_no_line(server):
    _, told = lines_about(
        server, lambda: httpx.get(f"{server.url}/moods.csv", cookies={"moodtracker": server.cookie})
    )
    assert [line[:14] for line in told] == ["GET /moods.csv"]


# /metrics


def metrics(server, token=TOKEN):
    return httpx.get(f"{server.url}/metrics", headers={"Authorization": f"Bearer {token}"})


def test_metrics_need_the_token(server):
    assert httpx.get(f"{server.url}/metrics").status_code == 401
    assert metrics(server, "another").status_code == 401
    assert "moodtracker" not in metrics(server, "another").text


def test_metrics_tell_what_was_asked_and_how_it_stands(server):
    httpx.get(f"{server.url}/login")
    await_that(lambda: list(server.folder.glob("data/backups/*.db")))  # the first is made soon
    server.await_ready()
    answer = metrics(server)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    numbers = dict(
        line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#")
    )
    assert float(numbers['moodtracker_requests_total{status="2xx"}']) >= 1
    assert numbers["moodtracker_ready"] == "1"
    assert numbers["moodtracker_open_pages"] == "0"
    assert float(numbers["moodtracker_last_backup_timestamp_seconds"]) > 1_700_000_000
    for calm in ("mail_trouble", "clock_doubt", "boards_held", "oldest_due_mail_seconds"):
        assert numbers[f"moodtracker_{calm}"] == "0"
    buckets = [float(n) for name, n in numbers.items() if "_seconds_bucket" in name]
    assert buckets == sorted(buckets)
    assert buckets[-1] == float(numbers["moodtracker_request_seconds_count"])


def test_metrics_are_not_there_without_a_token(tmp_path):
    server = Server(tmp_path).start()
    try:
        assert metrics(server).status_code == 404
        assert server.command("healthcheck").returncode == 0
    finally:
        server.stop()
    asked = server.command("healthcheck")
    assert asked.returncode == 1
    assert "nothing answers on port" in asked.stderr


def test_a_worker_is_healthy_while_its_database_is(tmp_path):
    server = Server(tmp_path, ROLE="worker")
    assert server.command("healthcheck").returncode == 1
    assert server.command("user", "list").returncode == 0
    assert server.command("healthcheck").returncode == 0
