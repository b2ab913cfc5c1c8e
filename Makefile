# Every command a developer needs; `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON3 ?= python3
PY := .venv/bin/python
BOT_PY := bot/.venv/bin/python
# One thread for the embedding: with more, a busy machine answers twenty times slower.
export OMP_NUM_THREADS ?= 1
export RASA_TELEMETRY_ENABLED := false

.PHONY: help setup run test check format settings bench evaluate backup restore dead-letters rotate-keys find-contact migration lock clean register-templates verify-audit seed-demo story

help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## build both environments (skipped when nothing changed)
	@$(PYTHON3) -m tools.bootstrap

run: setup ## set up, train, index, migrate and start everything; status on http://127.0.0.1:8000
	@$(PY) -m tools.launcher

check: setup ## formatting, lint, types, import contracts, layout and unit tests
	@$(PY) -m tools.check

test: setup ## everything: check, the assistant's tests, integration and the whole stack
	@$(PY) -m tools.check --all

format: setup ## put the code into the agreed form
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix-only --quiet .

settings: setup ## write docs/settings.md and .env.example from the settings classes
	@$(PY) -m tools.settings_page

bench: setup ## speed and accuracy beside Rasa's stock pipeline
	@$(PY) -m tools.bench

evaluate: setup ## how well questions find their answer, with confidence intervals
	@$(PY) -m tools.evaluate

backup: setup ## copy database, media, trackers and secrets into var/backups/ (to=FILE to choose)
	@$(PY) -m tools.backup save $(to)

restore: setup ## put a copy back: make restore from=FILE
	@$(PY) -m tools.backup restore $(from)

register-templates: setup ## bring the WhatsApp templates to the provider, ask for approval, show how it stands
	@$(PY) -m tools.register_templates

dead-letters: setup ## list messages that could not be handled (replay=ID to try one again)
	@$(PY) -m tools.dead_letters $(if $(replay),--replay $(replay))

rotate-keys: setup ## a new key for everything that is stored, while it all runs; may be interrupted
	@$(PY) -m tools.rotate_keys

# By a variable and not as an argument, which other people of the machine could read.
find-contact: export ADDRESS = $(address)
find-contact: setup ## every place that holds something of a contact (address=NUMBER, or it asks)
	@$(PY) -m tools.find_contact

seed-demo: setup ## a believable country of invented people to look around in (count=N, 3000; seed=N)
	@$(PY) -m tools.seed_demo $(if $(count),--count $(count)) $(if $(seed),--seed $(seed))

story: setup ## one grievance through breach, hub, closing, poor feedback and appeal, with every message (language=hi, hi-Latn or en)
	@$(PY) -m tools.story $(language)

verify-audit: setup ## check every chain and every grievance for altered rows (noted="audit:N:DIGEST ledger:N:DIGEST")
	@$(PY) -m tools.verify_audit $(if $(noted),--noted $(noted))

migration: setup ## write a migration from the models: make migration m="what changes"
	@.venv/bin/alembic revision --autogenerate -m "$(m)"

lock: setup ## resolve both lock files again
	@$(PY) -m tools.lock

clean: ## remove environments, caches and built things; keeps data and secrets in var/
	@rm -rf .venv bot/.venv .tools var/stamps var/cache var/index var/models var/log .mypy_cache .ruff_cache .pytest_cache
