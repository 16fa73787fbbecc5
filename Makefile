# The usual ways to run, test and change AIM-Forge. `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help run dev test test-compose compose-images check format bench recovery soak locks environment dev-environment engine image frontend
# Recipes follow one another: each step prints its progress, and two at once would only fight over the machine.
.NOTPARALLEL:

# Compiled modules are kept: pytest would rewrite every one of them in every run otherwise.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
LINTED := $(wildcard control_plane sandbox_image tests benchmarks)
SLOW := $(wildcard tests/integration tests/security tests/e2e)
SKIPPED_IN_FIRST := $(addprefix --ignore=,$(SLOW) tests/compose)

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

run: environment engine image frontend ## Start AIM-Forge and print the URL to open
	@exec $(BIN)/aimforge serve

dev: dev-environment engine image frontend ## The same, started anew whenever its Python source changes
	@exec $(BIN)/python scripts/reload control_plane sandbox_image/wire sandbox_image/sockets -- $(BIN)/aimforge serve

test: dev-environment engine image frontend check ## Everything, against the real container engine
	$(BIN)/pytest -q -n 2 --dist loadfile $(SKIPPED_IN_FIRST)
	cd frontend && npm test --silent && npm run --silent e2e
	$(BIN)/pytest -q -n 2 --dist loadfile --durations=20 $(SLOW)

# Not part of `make test`: the two images take more than a minute to build, and the stack two to start, be replaced and restored.
test-compose: dev-environment compose-images ## Bring compose.yaml up for real, with backup and restore
	$(BIN)/pytest -q tests/compose

compose-images: environment engine image frontend ## Build the images of compose.yaml
	scripts/control-plane-image --postgres

check: dev-environment ## Linters, types, layers, formatting
	scripts/frontend modules
	$(BIN)/ruff format --check $(LINTED)
	$(BIN)/ruff check $(LINTED)
	$(BIN)/pyright
	$(BIN)/lint-imports
	cd frontend && npm run --silent lint && npm run --silent types:check

format: dev-environment ## Format the Python source and mend what ruff can
	$(BIN)/ruff format $(LINTED)
	$(BIN)/ruff check --fix $(LINTED)

bench: dev-environment engine image frontend ## Measure the published figures, each against a peer in the same run
	$(BIN)/python -m benchmarks

recovery: dev-environment engine image frontend ## How long it takes after each fault, ROUNDS (3) times
	$(BIN)/python -m benchmarks.recovery --rounds $(or $(ROUNDS),3)

soak: dev-environment engine image frontend ## People at work for MINUTES (30), and what that leaves behind
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),30)

locks: dev-environment ## Compile requirements/*.lock anew from pyproject.toml
	scripts/locks

environment:
	@scripts/environment run

dev-environment:
	@scripts/environment dev

engine:
	@scripts/engine

image: environment engine
	@$(BIN)/aimforge image ensure >/dev/null

frontend:
	@scripts/frontend
