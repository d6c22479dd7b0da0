# make demo   score the example articles with the shipped model
# make test   set up and run everything that CI runs
# make check  format, lint, types, import contract, tests
# make model  retrain the shipped model from the public corpora
# make bench  measure speed, start and memory beside the peers, and write benchmarks/results.json
# make report judge its recipe by cross-validation, hold it to data/floors.json, and write docs/report

PYTHON ?= python3
CORPORA ?= ../shared/corpora
VENV := .venv
BIN := $(VENV)/bin
MODEL := classifier/default_model/policy-news.slantwise

.PHONY: demo test check format lint types imports tests model report bench clean

demo: $(VENV)/scoring
	$(BIN)/slantwise score data/examples --format table

test: check

check: format lint types imports tests

format: $(VENV)/developing
	$(BIN)/ruff format --check .

lint: $(VENV)/developing
	$(BIN)/ruff check .

types: $(VENV)/developing
	$(BIN)/mypy

imports: $(VENV)/developing
	$(BIN)/lint-imports

tests: $(VENV)/developing
	$(BIN)/python -m pytest

model: $(VENV)/developing
	$(BIN)/slantwise train --name policy-news \
	    --codebook data/codebooks/policy-news.toml --labels data/labels/policy-news.jsonl \
	    --articles $(CORPORA)/allsides.parquet --articles $(CORPORA)/allsides2021.parquet \
	    --published-split published_media_split --published-split published_random_split \
	    --cache .cache --out $(MODEL)

report: $(VENV)/developing
	$(BIN)/slantwise evaluate --cross-validate \
	    --codebook data/codebooks/policy-news.toml --labels data/labels/policy-news.jsonl \
	    --articles $(CORPORA)/allsides.parquet --articles $(CORPORA)/allsides2021.parquet \
	    --second-coder data/labels/policy-news-second-coder.jsonl --drift-since 2021-01-01 \
	    --floors data/floors.json --cache .cache --out docs/report

bench: $(VENV)/developing
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python benchmarks/speed.py $(CORPORA)/allsides.parquet

# The stamps tell which of the two environments .venv holds; the second contains the first.
$(VENV)/scoring: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "slantwise needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/developing: $(VENV)/scoring
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[train,audit,warc,web,spark]' --group dev
	touch $@

clean:
	rm -rf $(VENV) .cache dist
