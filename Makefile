# `make` alone lists the commands. Everything brings what it needs: uv, both Pythons, both environments.
PYTHON ?= $(shell command -v python3 || command -v python)
BOOTSTRAP = @$(PYTHON) operations/bootstrap.py
BIN = .venv/bin

.DEFAULT_GOAL := list
.PHONY: list run test test-fast test-faults test-races check chat train migrate bench eval eval-language texts

list:           ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run:            ## Start everything on this machine; Ctrl-C stops it
	$(BOOTSTRAP) ours nlu
	@exec $(BIN)/velkommen run

test:           ## All tests: unit, conversations, integration, contract, real Rasa, browser
	$(BOOTSTRAP) ours nlu browser
	@$(BIN)/python -m operations.test

test-fast:      ## The tests that need neither Rasa nor a browser
	$(BOOTSTRAP) ours
	@$(BIN)/python -m pytest -m "not slow and not browser"

test-faults:    ## Reminders under kills, races, refusals and wrong clocks, in full (a quarter of an hour)
	$(BOOTSTRAP) ours
	@VELKOMMEN_FAULTS=full $(BIN)/python -m pytest tests/integration/test_reminder_faults.py

test-races:     ## Handing over, ten thousand times in any order at once (a quarter of an hour)
	$(BOOTSTRAP) ours
	@VELKOMMEN_RACES=full $(BIN)/python -m pytest -s tests/integration/test_handover_races.py

check:          ## Lint, types, import directions, knowledge files, Rasa's training data
	$(BOOTSTRAP) ours nlu
	@$(BIN)/python -m operations.check

chat:           ## Talk to Velkommen in the terminal
	$(BOOTSTRAP) ours nlu
	@exec $(BIN)/velkommen chat

train:          ## Import the knowledge and train if an input has changed
	$(BOOTSTRAP) ours nlu
	@$(BIN)/velkommen train

migrate:        ## Bring the database up to date
	$(BOOTSTRAP) ours
	@$(BIN)/velkommen migrate

bench:          ## Speed and memory beside a bare Rasa; reminders; handing over
	$(BOOTSTRAP) ours nlu
	@$(BIN)/python -m bench

eval:           ## Ask the evaluation questions; fails below the floors
	$(BOOTSTRAP) ours nlu
	@$(BIN)/velkommen eval

eval-language:  ## Measure language detection; fails below its floor
	$(BOOTSTRAP) ours
	@$(BIN)/python -m bench.language

texts:          ## Collect interface texts into the catalogues and say what is missing
	$(BOOTSTRAP) ours
	@$(BIN)/python -m i18n.texts
