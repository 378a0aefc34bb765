# make demo and make test do all the set-up they need. PYTHON=python3.12 chooses an interpreter.
PYTHON ?= $(shell for v in 3.13 3.12 3.11; do python$$v -c 'import ensurepip' 2>/dev/null && echo python$$v && break; done)
CONFIG ?= configs/online_retail.toml
SIZE ?= 10m
CUSTOMERS ?= 1000000
JOBS ?= 2
VENV := .venv
AUTOGLUON := .venv-autogluon
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes

.PHONY: help demo serve bento test coverage test-slow test-engines test-browser bench bench-desk bench-features bench-models bench-reasons bench-serving bench-training bench-value pictures check lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/run.txt ## the main job on CONFIG: features, three models, scores, report
	$(RUN) -m training check $(CONFIG)
	$(RUN) -m features build $(CONFIG)
	$(RUN) -m training all $(CONFIG)
	$(RUN) -m serving score $(CONFIG)
	$(RUN) -m serving report $(CONFIG)

serve: $(VENV)/run.txt ## the service with the champions of CONFIG, on 127.0.0.1:3000
	CVM_CONFIG=$(CONFIG) $(VENV)/bin/bentoml serve serving.service:CustomerValue

bento: $(VENV)/run.txt ## a Bento with the champions of CONFIG, to be served anywhere (with a Dockerfile in it)
	$(RUN) -m serving release $(CONFIG) --to champion
	$(VENV)/bin/bentoml build

test: $(VENV)/dev.txt ## all tests but the slow ones and those of the other engines, on JOBS cores
	OMP_WAIT_POLICY=PASSIVE $(RUN) -m pytest -n $(JOBS) --dist loadfile

coverage: $(VENV)/dev.txt ## the same tests, and which branches of the code they do not go through (htmlcov/)
	OMP_WAIT_POLICY=PASSIVE $(RUN) -m pytest -n $(JOBS) --dist loadfile --cov --cov-report=term-missing:skip-covered --cov-report=html

test-slow: $(VENV)/dev.txt ## the tests that take minutes
	$(RUN) -m pytest -m slow

test-engines: $(VENV)/dev.txt $(VENV)/engines.txt ## the same features on Spark and PostgreSQL (needs Java 17 and Debian's postgresql)
	$(RUN) -m pytest tests/engines

test-browser: $(VENV)/dev.txt ## the report in a headless Chromium (Debian's package chromium, or CHROMIUM=/path/to/it)
	$(RUN) -m pytest tests/browser

bench: $(VENV)/bench.txt ## short runs of the benchmarks, after make demo: that they run, and that outputs agree (some minutes)
	$(RUN) -m benchmarks.features --size 1m --repeat 1
	$(RUN) -m benchmarks.desk --customers 20000
	$(RUN) -m benchmarks.reasons
	$(RUN) -m benchmarks.serving --config $(CONFIG) --quick

bench-desk: $(VENV)/dev.txt ## the retention desk over CUSTOMERS made-up customers (a million; minutes)
	$(RUN) -m benchmarks.desk --customers $(CUSTOMERS)

bench-features: $(VENV)/bench.txt ## features for 12 dates beside pandas and polars (SIZE=1m: a minute; 10m; 100m)
	$(RUN) -m benchmarks.features --size $(SIZE)

bench-training: $(VENV)/dev.txt ## how long the three models take to make again, 40 trials each (minutes)
	$(RUN) -m benchmarks.training

bench-models: $(VENV)/bench.txt $(AUTOGLUON)/autogluon.txt ## models beside their peers (CVM_DATA=folder with cdnow/; ONLY="telco cdnow")
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=PASSIVE $(RUN) -m benchmarks.models $(if $(ONLY),--only $(ONLY))

bench-reasons: $(VENV)/dev.txt ## reasons for 100,000 customers and for one, beside shap and pred_contribs (minutes)
	$(RUN) -m benchmarks.reasons

bench-serving: $(VENV)/run.txt ## the service beside mlflow models serve and bare FastAPI, after make demo (some 20 minutes, two quiet cores)
	$(RUN) -m benchmarks.serving --config $(CONFIG)

bench-value: $(VENV)/dev.txt ## plan and uplift where the truth is known, and on a randomised trial (minutes)
	$(RUN) -m benchmarks.value

pictures: $(VENV)/dev.txt ## the pictures of the README, from report and desk of the example, after make demo (needs Debian's package chromium)
	$(RUN) -m docs.pictures.draw

check: $(VENV)/dev.txt ## ruff, mypy --strict, import-linter
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

lock: ## write the lock files again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group dev -c requirements/run.txt -o requirements/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --group bench -c requirements/run.txt -o requirements/bench.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group autogluon -o requirements/autogluon.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml --extra postgres --extra spark -c requirements/run.txt -o requirements/engines.txt

clean: ## remove outputs, models and the virtual environment
	rm -rf $(VENV) $(AUTOGLUON) out champion mlruns mlartifacts mlflow.db

# A copy of the lock file in the virtual environment says what is installed there; a changed lock installs again.
$(VENV)/run.txt: requirements/run.txt | $(VENV)/bin/python
	@echo "installing what it takes to run (a minute or two, once)"
	$(PIP) -r requirements/run.txt
	@cp requirements/run.txt $@

$(VENV)/dev.txt: requirements/dev.txt | $(VENV)/bin/python
	@echo "installing what it takes to run and test (a minute or two, once)"
	$(PIP) -r requirements/dev.txt
	@cp requirements/run.txt $(VENV)/run.txt
	@cp requirements/dev.txt $@

$(VENV)/engines.txt: requirements/engines.txt | $(VENV)/bin/python
	@echo "installing what it takes to run on Spark and PostgreSQL (a minute or two, once)"
	$(PIP) -r requirements/engines.txt
	@cp requirements/run.txt $(VENV)/run.txt
	@cp requirements/engines.txt $@

$(VENV)/bench.txt: requirements/bench.txt | $(VENV)/bin/python
	@echo "installing what the benchmarks compare with (a minute or two, once)"
	$(PIP) -r requirements/bench.txt
	@cp requirements/run.txt $(VENV)/run.txt
	@cp requirements/bench.txt $@

# AutoGluon needs an older pandas than the project: it has an environment of its own.
$(AUTOGLUON)/autogluon.txt: requirements/autogluon.txt | $(VENV)/bin/python
	@echo "installing AutoGluon in an environment of its own (a minute or two, once)"
	$(VENV)/bin/python -m venv $(AUTOGLUON)
	$(AUTOGLUON)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/autogluon.txt
	@cp requirements/autogluon.txt $@

$(VENV)/bin/python:
	@test -n "$(PYTHON)" || { echo "cvm needs Python 3.11, 3.12 or 3.13 with venv; name one: make demo PYTHON=/path/to/python3.12" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
