# Two commands set everything up: `make run` and `make test`. `make help` names the rest.
#
# The files .venv/.runs and .venv/.tests say that an installation was finished; pip is asked again
# only when pyproject.toml or constraints.txt is newer, so both commands work offline after that.

PYTHON ?= $(firstword $(foreach p,python3 python python3.14 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))
BIN := .venv/bin
PIP = $(BIN)/python -m pip install --constraint constraints.txt

.PHONY: help run test lint types contracts pytest docs wheel retrain clean

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/make \1\t\2/' | expand -t 16

run: .venv/.runs  ## Start the gesture overlay; ARGS="demo --to film.mp4" says what and where to
	@$(BIN)/triptych gesture run $(ARGS)

test: lint types contracts pytest  ## Install everything and run every check

lint: .venv/.tests  ## Style and layout of the code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.tests  ## Type annotations
	$(BIN)/pyright

contracts: .venv/.tests  ## Who may import whom
	$(BIN)/lint-imports

pytest: .venv/.tests  ## The tests; ARGS="tests/data -x" chooses
	$(BIN)/pytest $(ARGS)

docs: .venv/.tests  ## Write the generated pages and pictures again
	$(BIN)/python docs/make_commands.py
	$(BIN)/python docs/make_config.py
	$(BIN)/python docs/make_gallery.py
	$(BIN)/python docs/make_adversary.py
	$(BIN)/python docs/make_audit.py
	$(BIN)/python docs/make_results.py
	$(BIN)/python docs/make_card.py
	$(BIN)/python docs/make_experiments.py
	$(BIN)/python docs/gesture/make_overlay.py
	$(BIN)/python docs/capsules/make_capsule_results.py

retrain: .venv/.tests  ## Train the gesture panel's networks again from TRIPTYCH_DATA and install them; hours
	$(BIN)/triptych gesture train detector --run runs/detector
	$(BIN)/triptych gesture train classifier --run runs/hand_reader
	$(BIN)/triptych gesture train classifier --run runs/hand_reader2 \
		--start runs/hand_reader --keep-first 4 --drawn 0 --steps 4000
	$(BIN)/triptych gesture train classifier --run runs/hand_reader3 \
		--start runs/hand_reader2 --keep-first 4 --drawn 0 --steps 3200
	$(BIN)/triptych gesture train mean runs/hand_reader2/hand_reader.onnx runs/hand_reader3
	$(BIN)/triptych gesture export runs/detector
	$(BIN)/triptych gesture export runs/hand_reader_mean
	$(BIN)/triptych gesture train negatives
	$(BIN)/triptych gesture train motion --run runs/motion
	$(BIN)/triptych gesture export runs/motion

wheel:  ## Build the wheel and try it by itself, in an environment without the extras
	.ci/try-wheel "$(PYTHON)"

clean:  ## Remove what was installed and built
	rm -rf .venv build dist

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Triptych needs Python 3.11 or newer; PYTHON=/path/to/python3 names one." >&2; exit 1; }
	@# Debian keeps ensurepip in a package of its own; pip can then install itself.
	$(PYTHON) -m venv .venv 2>/dev/null \
		|| { $(PYTHON) -m venv --clear --without-pip .venv \
			&& $(PYTHON) -m pip --python .venv/bin/python install pip; } \
		|| { rm -rf .venv; exit 1; }

.venv/.runs: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable .
	@touch $@

.venv/.tests: pyproject.toml constraints.txt | .venv/bin/python
	$(PIP) --editable '.[train,virtualcam,tensorboard,wandb,dev]'
	@touch .venv/.runs $@
