# make run: serve on http://localhost:8080.  make test: every check and every test.  make torture: faults, at length.  make bench: how quick.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test steady coverage check audit torture bench cluster docs pictures words lock clean

run: .venv/runs
	$(BIN)/python main.py

# More at once than cores: many of them wait for a browser or for servers. A worker that dies ends the
# run, which would else wait for its group of tests for ever.
TESTS := $(BIN)/pytest -n 4 --dist loadgroup --max-worker-restart 0
test: check tests/node/node_modules/.package-lock.json
	$(TESTS)

# Whether the tests can be trusted: all of them RUNS times, every second time with two busy loops beside
# them, up to the first failure. Two hours and more.
RUNS ?= 10
steady: .venv/tests tests/node/node_modules/.package-lock.json
	PYTHONPATH=tests $(BIN)/python -m support.steady $(RUNS) $(TESTS)

# Which lines no test runs. Apart from `make test`, since counting them takes as long as running them.
coverage: .venv/tests
	$(BIN)/pytest -n 2 --dist loadgroup --cov --cov-report=term --ignore tests/pages --ignore tests/torture

check: .venv/tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Whether a pinned package has a known hole; its own environment, since nothing else needs the tool.
audit: build/audit
	build/audit/bin/python .ci/audit

build/audit: requirements-audit.lock
	$(PYTHON) -m venv $@
	$@/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	touch $@

# What docs/reliability.md promises: kills, faults, load, LENGTH times as long as in `make test`. Hours, if it has to be.
LENGTH ?= 10
torture: .venv/tests
	MOODTRACKER_TORTURE=$(LENGTH) MOODTRACKER_TEST_KILLS=50 MOODTRACKER_TEST_RACES=1000 PAGE_LOADS=20000 \
	$(BIN)/pytest -s -o timeout=0 -o faulthandler_timeout=0 tests/torture tests/mail/test_kills.py tests/test_yearend_zones.py tests/pages/guard/test_unopened.py

# How quick it is, against three baselines, on a machine that is not busy otherwise; five minutes.
bench: .venv/tests
	$(BIN)/python -m benchmarks

# Kills, freezes and cuts off each part of a whole cluster in turn, in network namespaces, and checks
# what people were told; as root, six minutes. Needs HAProxy, keepalived, PostgreSQL, libfaketime and
# Chromium (Debian's packages). ACTS is how many acts there are at the least, MOODTRACKER_SEED the seed.
ACTS ?= 5000
cluster: .venv/tests
	PYTHONPATH=.:tests $(BIN)/python -m benchmarks.cluster $(ACTS)

# docs/settings.md is made from moodtracker/settings.py, assets/icon.svg and assets/faces.css from
# the drawings of the faces; tests compare them.
docs:
	$(BIN)/python -m moodtracker.drawing.face_files assets
	$(BIN)/python -m moodtracker.settings_page > docs/settings.md

# Every page and state at five widths, light and dark, every mail and file, in pictures/; those of the
# README anew. ONLY="board mail" makes those whose names begin so.
pictures: .venv/tests
	PYTHONPATH=.:tests $(BIN)/python -m pictures $(ONLY)

# Brings the catalogues of moodtracker/locales up to date with the words in the code: what is new is
# empty there until somebody writes it, what is gone is taken out.
words: .venv/tests
	mkdir -p build
	PYTHONPATH=.:tests $(BIN)/pybabel -q extract -F moodtracker/locales/mapping.cfg --add-location=file --sort-output \
		--project=Moodtracker --copyright-holder=Moodtracker -o build/words.pot .
	$(BIN)/pybabel -q update -i build/words.pot -d moodtracker/locales -D moodtracker \
		--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date --width=100

# The environment is made anew where a lock file has changed. Every package is pinned with its hashes.
.venv/runs: requirements.lock pyproject.toml
	$(call install,requirements.lock)
	touch $@

.venv/tests: requirements-dev.lock pyproject.toml
	$(call install,requirements-dev.lock)
	touch $@ .venv/runs

define install
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Moodtracker needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

# What the tests run that is not Python. Where there is no npm, the tests that need it are skipped.
tests/node/node_modules/.package-lock.json: tests/node/package-lock.json
	! command -v npm >/dev/null || npm ci --prefix tests/node --ignore-scripts --no-audit --no-fund --silent

# Written for every platform and every Python from 3.11 on; names neither an index nor a host.
lock:
	$(PYTHON) -m venv .venv && $(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--no-emit-index-url --no-annotate --group build pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--no-emit-index-url --no-annotate --group build --group dev --group bench -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-header \
		--no-emit-index-url --no-annotate --group pyproject.toml:audit -o requirements-audit.lock

clean:
	rm -rf .venv build tests/node/node_modules *.egg-info .coverage .pytest_cache .mypy_cache .ruff_cache
