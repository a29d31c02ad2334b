# make run    serve the player (MUSIC=/path/to/music; without it, the synthetic demo library)
# make test   every test, with what it needs installed
# make check  style, types, imports
# make unit   the quick tests
# make bench  the figures of the README and of docs/operating.md
# make evaluate DATA=/path/to/sets   the table of docs/recommendations.md (an hour; QUICK=1: a tenth)

PYTHON ?= python3
export ANTIPHON_DATA ?= $(CURDIR)/var
ANTIPHON := .venv/bin/antiphon
EVALUATE = $(ANTIPHON) evaluate --markdown $(if $(QUICK),--part 0.1)
SOURCES := pyproject.toml package-lock.json scripts/setup scripts/vendor

.PHONY: run test unit check lock bench evaluate clean

run: .venv/ready-run
	@ANTIPHON_MUSIC="$(or $(MUSIC),$(ANTIPHON_MUSIC))" exec $(ANTIPHON) serve --demo

# Two threads of BLAS on two busy cores only wait for each other.
test unit bench: export OPENBLAS_NUM_THREADS = 1
test unit bench: export OMP_NUM_THREADS = 1

test: .venv/ready-dev
	@scripts/install-for-tests
	.venv/bin/pytest

# The quick ones, in less than a minute: nothing that starts the product or synthesises music.
unit: .venv/ready-dev
	.venv/bin/pytest -q -n auto -m "not e2e and not slow"

check: .venv/ready-dev
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	scripts/check-ui

bench: .venv/ready-dev
	for script in bench/*.py; do .venv/bin/python "$$script" || exit 1; done

# Rows of gowalla, lastfm and nowplaying in the folder DATA, frozen and replayed.
evaluate: .venv/ready-run
	@test -n "$(DATA)" || { echo "Say where the data sets are: make evaluate DATA=/path/to/sets"; exit 2; }
	@echo "| data, protocol | model | recall@20 | nDCG@20 | MRR@20 | hit rate@20 | to fit, an answer, memory |"
	@echo "|---|---|---|---|---|---|---|"
	@$(EVALUATE) --data "$(DATA)/gowalla" --protocol lightgcn --model bench/recipes/gowalla.json
	@$(EVALUATE) --data "$(DATA)/lastfm" --protocol lightgcn --model bench/recipes/lastfm.json
	@$(EVALUATE) --data "$(DATA)/nowplaying" --protocol session
	@$(EVALUATE) --data "$(DATA)/nowplaying" --protocol replay

# The locks name hashes, never addresses.
lock: .venv/ready-dev
	.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-run.lock
	.venv/bin/uv pip compile pyproject.toml --extra cluster --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-cluster.lock
	.venv/bin/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -q -o requirements-dev.lock

clean:
	rm -rf .venv node_modules src/antiphon/web/ui/vendor

.venv/ready-run: requirements-run.lock requirements-setup.lock $(SOURCES)
	@PYTHON=$(PYTHON) scripts/setup run
	@touch $@

.venv/ready-dev: requirements-dev.lock requirements-setup.lock $(SOURCES)
	@PYTHON=$(PYTHON) scripts/setup dev
	@touch .venv/ready-run $@
