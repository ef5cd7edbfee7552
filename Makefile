# The two commands of the README, and what they need. All of it ends up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
JOBS ?= 3

.PHONY: demo test soak long mutants extras bench bench-peers bench-plots bench-ocr bench-workers portals-table lock check clean

demo: $(VENV)/run.stamp  ## the whole job, end to end, on portals served on this machine
	$(BIN)/nianbao demo

test: $(VENV)/test.stamp  ## every test; Chromium comes by apt as root, else by playwright; Redis by apt as root
	tests/install_chromium.sh $(BIN)
	tests/install_redis.sh
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal --junitxml=$(VENV)/junit.xml $(PYTEST_ARGS)

soak: $(VENV)/test.stamp  ## kills the service 1,000 times and judges what it said: tests/soak/RESULT.md; goes on where it was stopped
	$(BIN)/python -m tests.soak --kills 1000 --seed 1 --jobs $(JOBS)

mutants: $(VENV)/test.stamp  ## bends each sentence of the law in turn, and sees whether the tests notice
	$(BIN)/python -m tests.mutants --jobs $(JOBS)

extras: $(VENV)/extras.stamp  ## what is optional: a browser for portals with render = true, OCR for tables in pictures, workers on other machines
	tests/install_chromium.sh $(BIN)

bench: $(VENV)/run.stamp  ## CPU, time, memory and disk of a pass, against bare Scrapy in the same run; half an hour, ARGS="--pages 200" less
	$(BIN)/python -m tests.bench.passes $(ARGS)

bench-peers: $(VENV)/run.stamp  ## the same pages checked by urlwatch, webchanges and changedetection.io, which pip gets
	$(BIN)/python -m tests.bench.peers $(ARGS)

bench-workers: $(VENV)/test.stamp  ## passes a minute with 1, 2 and 4 workers on a Redis of its own, against the local engine; five minutes
	$(BIN)/python -m tests.bench.workers $(ARGS)

bench-plots: $(VENV)/bench.stamp  ## tables and plots of docs/performance.md, from tests/bench/results/
	$(BIN)/python -m tests.bench.plots

bench-ocr: $(VENV)/test.stamp  ## figures read from pictures of the form: right, doubtful, wrong; by resolution and damage
	tests/install_chromium.sh $(BIN)
	$(BIN)/python -m tests.bench.ocr

check: $(VENV)/test.stamp  ## style, types, rules of import
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# Hashes in the lock: every machine gets the versions that were tested.
$(VENV)/run.stamp: requirements/run.txt pyproject.toml | $(BIN)/python
	$(PIP) --require-hashes -r requirements/run.txt
	$(PIP) --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/extras.stamp: requirements/extras.txt $(VENV)/run.stamp
	$(PIP) --require-hashes -r requirements/extras.txt
	touch $@

$(VENV)/test.stamp: requirements/test.txt $(VENV)/extras.stamp
	$(PIP) --require-hashes -r requirements/test.txt
	touch $@

$(VENV)/bench.stamp: requirements/bench.txt $(VENV)/run.stamp
	$(PIP) --require-hashes -r requirements/bench.txt
	touch $@

long: $(VENV)/test.stamp  ## tests that `make test` leaves out for their time: a browser that fails, each way to start `portals add`
	tests/install_redis.sh
	$(BIN)/python -m pytest -n 2 --dist worksteal -m long

portals-table: $(VENV)/test.stamp  ## docs/built-in-portals.md, from crawler/portals/
	$(BIN)/python -m tests.portal_table

lock:  ## after a change of pyproject.toml; needs uv. uv.lock records the registry's address: it is not committed
	uv lock --quiet
	uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --group build > requirements/run.txt
	uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --group build --extra browser --extra ocr --extra workers > requirements/extras.txt
	uv export --quiet --frozen --no-header --no-annotate --no-emit-project --no-default-groups --group build --extra browser --extra ocr --extra workers --group test > requirements/test.txt
	uv export --quiet --frozen --no-header --no-annotate --no-emit-project --only-group bench > requirements/bench.txt
	rm uv.lock

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
