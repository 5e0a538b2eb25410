# What a developer can ask for. Every target makes .venv from requirements.lock by itself; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help run test proof bench screenshots translations system setup lock clean

# The caller's own Python set-up stays out of ours.
unexport VIRTUAL_ENV PYTHONHOME PYTHONPATH PYENV_VERSION PIP_USER PIP_TARGET PIP_PREFIX PIP_REQUIRE_VIRTUALENV
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

python := .venv/bin/python
typed := $(wildcard posapp drivers tests)
PYTEST_ARGS ?=

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

run: needs := run
run: setup ## a demo shop: HQ, till, customer display, printer, things to scan; without a display a day as text
	@$(python) -m posapp demo

test: setup ## every check: lint, format, types, dependencies, the house rules and the tests
	@$(python) -m ruff check
	$(python) -m ruff format --check
	$(python) -m mypy $(typed)
	$(python) -m deptry --no-ansi .
	$(python) -m pytest -n auto --maxprocesses 4 --dist loadfile $(PYTEST_ARGS)

proof: setup ## the long proofs: crashes, power cuts, whole chains of shops
	@$(python) -m pytest -m proof --timeout 3600 $(PYTEST_ARGS)

bench: setup ## the benchmarks
	@$(python) -m pytest -m '' -o python_files='bench_*.py test_*.py' -s tests/benchmarks $(PYTEST_ARGS)

screenshots: setup ## the pictures in resources/screenshots, drawn without a display
	@QT_QPA_PLATFORM=offscreen $(python) -m tests.screenshots
	QT_QPA_PLATFORM=offscreen $(python) -m tests.screenshots_console

translations: setup ## resources/translations anew from the screens; what is new waits there to be translated
	@.venv/bin/pyside6-lupdate $(lupdate) posapp -ts resources/translations/posapp_en.ts
	.venv/bin/pyside6-lrelease resources/translations/posapp_en.ts -qm resources/translations/posapp_en.qm

# tests/ui/test_language.py asks in the same way whether they are complete.
lupdate := -extensions py -locations none -no-obsolete -source-language zh_CN -target-language en \
    -tr-function-alias tr+=_tr

system: ## the Debian packages that are missing (as root)
	@installer/linux/system.sh test

# .venv holds a copy of the lock it was made from, and the path of this folder in a .pth file; while both are right
# there is nothing to do. Where no uv is installed, pip fetches the one that the lock names, checked by its hash.
needs := test
setup: ## .venv, when it is missing or requirements.lock has changed
	@installer/linux/system.sh $(needs)
	belongs_here() { [ -x $(python) ] && grep -qsxF "$(CURDIR)" .venv/lib/python3*/site-packages/posapp.pth; }
	if belongs_here && cmp -s requirements.lock .venv/requirements.lock; then exit; fi
	base=$$(installer/linux/system.sh python)
	echo "Setting up .venv from requirements.lock with $$("$$base" --version) ..."
	uv=uv
	uv --version >/dev/null 2>&1 || uv=.venv/bin/uv
	if ! belongs_here; then
	    if [ "$$uv" = uv ]; then uv venv --quiet --clear --python "$$base" .venv
	    else "$$base" -m venv --clear .venv; fi
	fi
	if [ "$$uv" != uv ] && [ ! -x .venv/bin/uv ]; then
	    sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	    $(python) -m pip install -qq --require-hashes -r .venv/uv.lock
	fi
	"$$uv" pip sync --quiet --python $(python) --require-hashes requirements.lock
	echo "$(CURDIR)" > "$$($(python) -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/posapp.pth"
	printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m posapp "$$@"\n' > .venv/bin/posapp
	chmod +x .venv/bin/posapp
	cp requirements.lock .venv/requirements.lock
	echo "Ready."

lock: setup ## requirements.lock anew from pyproject.toml (LOCK_ARGS=--upgrade takes the newest)
	@.venv/bin/uv pip compile --quiet --universal --generate-hashes --custom-compile-command 'make lock' \
	    pyproject.toml --group dev -o requirements.lock $(LOCK_ARGS)

clean: ## remove .venv and what the tools keep
	@rm -rf .venv build dist *.egg-info .pytest_cache .hypothesis .mypy_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
