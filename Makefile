# Two commands do everything:
#   make demo                  environment, dependencies, real songs, and the main job
#   make demo SONGS=~/Music    the same on your own music folder
#   make serve                 the search page on the demonstration's library (LIBRARY=… for another)
#   make test                  the whole test suite, as CI runs it
#   make bench                 how fast it is here, beside what else there is (minutes; figures also in bench/)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIBRARY ?= demo/library

.PHONY: demo serve test bench lint clean

demo: $(VENV)/.demo
	$(BIN)/alcca demo $(if $(SONGS),--songs "$(SONGS)")

serve: $(VENV)/.demo
	$(BIN)/alcca serve --library "$(LIBRARY)"

# Two processes: a third one needs more memory than a laptop has, and most tests start processes of their own. If one
# crashes, the run ends: pytest-xdist would start another and then wait for ever for some of the tests.
test: $(VENV)/.dev lint
	$(BIN)/pytest --numprocesses 2 --dist loadfile --max-worker-restart 0

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks all

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# torch comes first and alone: the pinned version has a CPU build, an open range may bring gigabytes of CUDA.
$(VENV)/.torch: constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "alcca needs Python 3.11 or newer; call: make PYTHON=/path/to/it")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --constraint constraints.txt torch
	touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[demo,hear,map,report,serve]'
	touch $@

$(VENV)/.dev: $(VENV)/.torch pyproject.toml
	$(BIN)/pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.demo

clean:
	rm -rf $(VENV) demo .pytest_cache .mypy_cache .ruff_cache
