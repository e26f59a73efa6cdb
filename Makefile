# Two commands do everything: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO ?= demo

.PHONY: demo test test-all formal coverage mutants bench results lint fmt clean

# The environment: everything that the package, its tests and its lint need.
$(READY): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# The main job on the bundled model and images.
demo: $(READY)
	mkdir -p $(DEMO)
	$(BIN)/sparsesim estimate models_onnx/lenet.onnx \
	    --inputs models_onnx/mnist_test_300.npz --images 100 \
	    --thresholds models_onnx/lenet_thresholds.toml -o $(DEMO)/lenet.json --force
	$(BIN)/sparsesim report $(DEMO)/lenet.json --as html -o $(DEMO)/lenet.html --force
	@echo "The report: $(abspath $(DEMO)/lenet.html)"

# What a change must pass: the package, then the Verilog under cocotb and in co-simulation. Where
# qemu-x86_64 is installed, integer tests of each kind run as a processor without VNNI, too.
test: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# The wide grids: thirty times the random cases, all integer tests as a processor without VNNI;
# their counts are printed at the end.
test-all: $(READY)
	SPARSESIM_EXAMPLES=30 $(BIN)/python -m pytest -q -n 2 --dist loadfile

# Proofs of handshakes, queues and cycles; a table at the end.
formal: $(READY)
	$(BIN)/python formal/run.py

# Line and toggle coverage of the Verilog by its tests.
coverage: $(READY)
	SPARSESIM_COVERAGE=1 $(BIN)/python -m pytest -q -n 2 --dist loadfile sim_tests -k verilator
	$(BIN)/python sim_tests/hdl_coverage.py

# Small mistakes put into the Verilog, one at a time: its tests must notice each.
mutants: $(READY)
	$(BIN)/python -m benchmarks.mutants

bench: $(READY)
	$(BIN)/python -m benchmarks

# The tables of docs/results, from the development data beside the repository.
results: $(READY)
	$(BIN)/python -m benchmarks.real_models

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m sparsesim.rtl.lint

fmt: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(DEMO) build *.egg-info
