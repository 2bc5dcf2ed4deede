# The developer's commands; each is also a plain command below. Nothing but make and a Python
# from 3.11 to 3.13 is needed: `make setup` fetches the rest, by hash, into .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
PIP = python -m pip --disable-pip-version-check -qq
LOCKED = install --require-hashes --only-binary :all: --requirement
# What builds the wheel, apart from .venv and its development tools.
BUILDER := build/venv
# Where `make install` puts the gate: a virtual environment of its own.
PREFIX ?= /usr/local/lib/deployment-gate
RESOLVE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-build \
	--no-strip-extras --generate-hashes --custom-compile-command "make lock" $(ARGS)
COMPILE = $(RESOLVE) pyproject.toml

.PHONY: help setup demo test unit chaos coverage check format docs pictures screenshots recording site bench mutate lock wheel install package clean
.DEFAULT_GOAL := help
# Some machines tell Python to keep no bytecode; tests that start the gate would compile it anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the lock, with gate in it

define CHECK_PYTHON
$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || { \
	echo "gate needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is not one;" \
		"name one: make PYTHON=python3.12 $(or $(MAKECMDGOALS),setup)" >&2; exit 1; }
endef

$(READY): .lock/dev.txt pyproject.toml
	@$(CHECK_PYTHON)
	@echo "Installing into .venv; the first time takes a minute."
	@$(PYTHON) -m venv .venv
	@$(BIN)/$(PIP) $(LOCKED) .lock/dev.txt
	@$(BIN)/$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(BUILDER)/.ready: .lock/build.txt
	@$(CHECK_PYTHON)
	@$(PYTHON) -m venv $(BUILDER)
	@$(BUILDER)/bin/$(PIP) $(LOCKED) .lock/build.txt
	@touch $@

wheel: $(BUILDER)/.ready
	@rm -rf dist
	$(BUILDER)/bin/hatchling build --target sdist --target wheel

install: wheel ## install the gate for production, by hash, in PREFIX=FOLDER
	@[ -e "$(PREFIX)/pyvenv.cfg" ] || [ -z "$$(ls -A "$(PREFIX)" 2>/dev/null)" ] || { \
		echo "$(PREFIX) has files in it and is no virtual environment;" \
			"choose a new folder: make install PREFIX=FOLDER" >&2; exit 1; }
	@$(PYTHON) -m venv "$(PREFIX)"
	@"$(PREFIX)"/bin/$(PIP) $(LOCKED) .lock/runtime.txt
	@"$(PREFIX)"/bin/$(PIP) install --no-deps --no-index --force-reinstall dist/*.whl
	@"$(PREFIX)"/bin/gate --version

package: override PREFIX := build/trial
package: install ## build sdist and wheel, install as production does, and try it
	rm -rf build/sdist && mkdir build/sdist && tar -xzf dist/*.tar.gz -C build/sdist --strip-components 1
	cd build/sdist && ../venv/bin/hatchling build --target wheel
	cmp dist/*.whl build/sdist/dist/*.whl
	build/trial/bin/python .ci/try_package.py build/trial/bin/gate

demo: setup ## play the demo on loopback; ARGS=--keep leaves it running
	$(BIN)/gate demo $(ARGS)

test: setup ## the whole suite; ARGS="-k override" goes to pytest
	$(BIN)/pytest --numprocesses logical --dist worksteal $(ARGS)

unit: setup ## only the unit and property tests, in one process
	$(BIN)/pytest $(wildcard tests/unit tests/property) $(ARGS)

chaos: setup ## storms over a fleet; ARGS="--seeds 1-50", "--seed 17", "--plan FILE"
	$(BIN)/python -m tests.chaos $(ARGS)

coverage: setup ## the suite with branch coverage: domain 100 %, all 95 %
	$(BIN)/coverage erase
	$(BIN)/pytest --numprocesses logical --dist worksteal --cov --cov-report= --timeout 300 $(ARGS)
	$(BIN)/coverage report --include "gate/domain/*" --fail-under 100
	$(BIN)/coverage report --fail-under 95

# What GitHub runs: our own workflow and actions, and the workflows that people copy.
WORKFLOWS = $(wildcard .github/workflows/*.yml) $(filter-out %/deployment-gate.yml %/prometheus-rules.yml,$(wildcard docs/examples/*.yml))
ACTIONS = $(wildcard .github/actions/*/action.yml)
MANIFESTS = $(filter-out %/kustomization.yaml,$(wildcard docs/examples/kubernetes/*.yaml))
FORMS = $(filter-out %/config.yml,$(wildcard .github/ISSUE_TEMPLATE/*.yml))

check: setup ## format, lint, types, imports, spelling, workflows, actions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	# Ubuntu 22.04's runners have Python 3.10.
	$(BIN)/mypy --python-version 3.10 .github/actions/_report/reporting .github/actions/_report/__main__.py
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows $(WORKFLOWS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-actions $(ACTIONS)
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.dependabot .github/dependabot.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-issue-forms $(FORMS)
	$(foreach version,1.31 1.37,$(BIN)/kubernetes-validate --strict --quiet --kubernetes-version $(version) $(MANIFESTS) &&) true
	$(BIN)/actionlint -shellcheck= -pyflakes= $(WORKFLOWS)
	$(BIN)/zizmor --offline --quiet --config .github/zizmor.yml $(WORKFLOWS) $(ACTIONS) .github/dependabot.yml

format: setup ## put the code in order, and the generated parts of the docs
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(if $(COGGED),$(BIN)/cog -r $(COGGED))

# Pages with parts that cog writes from the code.
COGGED = $(shell grep -rlF '[[[cog' README.md docs 2>/dev/null)

docs: setup ## do the generated parts of the docs still agree with the code?
	$(if $(COGGED),$(BIN)/cog --check $(COGGED))

pictures: setup ## draw the pictures of the README again
	$(BIN)/python -m tests.docs.pictures

screenshots: setup ## photograph the pages for README and docs, with Chromium
	$(BIN)/python -m tests.browser.screenshots

recording: setup ## play the demo, record it in docs/demo.md, and draw it
	$(BIN)/python -m tests.docs.pictures --record

site: setup ## build the site in build/docs/site, and check every link
	$(BIN)/python .ci/build_site.py build/docs

bench: setup ## measure, and print the table
	$(BIN)/python -m tests.bench $(ARGS)

mutate: setup ## plant faults, and list what no test finds; hours without ARGS
	$(BIN)/mutmut run $(ARGS)
	$(BIN)/mutmut results

lock: setup ## write the locks; ARGS=--upgrade takes newer releases
	$(COMPILE) --output-file .lock/runtime.txt
	$(COMPILE) --group dev --constraint .lock/runtime.txt --output-file .lock/dev.txt
	$(RESOLVE) --group build --constraint .lock/dev.txt --output-file .lock/build.txt

clean: ## remove .venv, caches and builds
	rm -rf .venv mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		.coverage* dist build
	find gate tests -name __pycache__ -type d -prune -exec rm -rf {} +
