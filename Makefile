# What a person types. Everything runs in a virtual environment of its own, made here.

VENV ?= .venv
PEERS = .venv-peers
PYTHON ?= python3
BIN = $(VENV)/bin

.PHONY: help install demo test test-quick lint tables docs benchmark clean

help:
	@echo "make install    the virtual environment that all else runs in: $(VENV)"
	@echo "make demo       draw shapes, train the three stages, write runs/demo/report.html (10 minutes)"
	@echo "make test       lint and the whole test suite (20 minutes on two cores)"
	@echo "make test-quick the tests that take seconds"
	@echo "make tables     README's tables from results/*.csv and the table of systems"
	@echo "make docs       the documentation's site, from these sources: site/index.html"
	@echo "make benchmark  all benchmarks against their peers, and their table (under 30 minutes, quiet machine)"
	@echo "make clean      delete the virtual environment, the site, and the data and run of the demo"

$(BIN)/installed: setup.py
	@echo "installing into $(VENV): TensorFlow and the rest, 4 GB; minutes"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable ".[test]"
	touch $@

install: $(BIN)/installed

data/prepared/shapes/1.0.0/prepared.json: | $(BIN)/installed
	$(BIN)/python -m data_prep.prepare --data_set=shapes --count=16000

demo: $(BIN)/installed data/prepared/shapes/1.0.0/prepared.json
	$(BIN)/python -m experiments.train --config=experiments/configs/shapes.py --run=runs/demo
	$(BIN)/python -m experiments.evaluate --run=runs/demo --split=test

# A file's tests stay in one process: what they share is trained once.
WORKERS = --numprocesses=auto --maxprocesses=4 --dist=loadfile

test: lint
	$(BIN)/python -m pytest $(WORKERS)

test-quick: $(BIN)/installed
	$(BIN)/python -m pytest $(WORKERS) -m "not slow"

lint: $(BIN)/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

tables: $(BIN)/installed
	$(BIN)/python -m experiments.readme_tables

$(BIN)/installed-docs: setup.py $(BIN)/installed
	$(BIN)/pip install --quiet --editable ".[docs]"
	touch $@

docs: $(BIN)/installed-docs
	$(BIN)/python -m docs.generate_reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "site/index.html"

# PyTorch and TensorFlow do not share a process; so that neither moves the other's packages, they do
# not share an environment either.
$(PEERS)/installed: benchmarks/peers.txt
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --upgrade pip
	$(PEERS)/bin/pip install --quiet --requirement benchmarks/peers.txt
	touch $@

# Without PyTorch the benchmarks say so and leave its side out.
benchmark: $(BIN)/installed
	@test -n "$$BENCHMARK_PEERS" || $(MAKE) $(PEERS)/installed || true
	for name in decoder_step joint_step beam_search photographs cider start many_photographs limits growth; \
		do $(BIN)/python -m benchmarks.$$name $(BENCHMARK_FLAGS) || exit 1; done
	$(BIN)/python -m benchmarks.draw_growth $(BENCHMARK_FLAGS)
	$(BIN)/python -m benchmarks.table

clean:
	rm -rf $(VENV) data/prepared/shapes runs/demo site docs/reference
