# Two commands: `make reproduce` and `make test`. Both set up .venv from the lock file when it is missing or outdated.
PYTHON ?= python3
CORES ?= 2

VENV := .venv
LOCK := envs/requirements.lock
CONDA := envs/prefclip.post-deploy.sh
IN_VENV := . $(VENV)/bin/activate &&
PIP := $(VENV)/bin/python -m pip --no-input --disable-pip-version-check -qq

# Contents and place decide what is outdated: file times say nothing after a checkout, and a .venv cannot be moved.
fingerprint = $(shell { echo "$(CURDIR)"; cat $(1); } | cksum | tr ' ' -)
LOCKED := $(VENV)/.locked-$(call fingerprint,$(LOCK))
READY := $(VENV)/.ready-$(call fingerprint,$(LOCK) pyproject.toml)

.PHONY: help reproduce test lint lock clean

help:
	@echo "make reproduce  run the embedded experiment and compare it with the published results  (CORES=$(CORES))"
	@echo "make test       run the tests  (CORES=$(CORES))"
	@echo "make lint       check the style of code and workflow"
	@echo "make lock       bring $(LOCK) up to date with pyproject.toml"
	@echo "make clean      remove what runs and tests left; .venv and the published results stay"

reproduce: $(READY)
	$(IN_VENV) snakemake --cores $(CORES) --rerun-incomplete all
	@$(IN_VENV) status=0; prefclip compare results/embedded results/reference/embedded || status=$$?; \
	echo "Look at:"; ls -d results/embedded/report/index.html results/embedded/tables results/embedded/figures 2>/dev/null; \
	exit $$status

test: $(READY)
	$(IN_VENV) pytest --numprocesses $(CORES) --dist loadfile -m "not slow and not slurm and not browser"

lint: $(READY)
	$(IN_VENV) ruff check .
	$(IN_VENV) ruff format --check .
	$(IN_VENV) snakefmt --check Snakefile workflow
	$(IN_VENV) snakemake --lint

clean:
	rm -rf results/embedded .snakemake logs benchmarks .pytest_cache .hypothesis .ruff_cache

define check_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
{ echo "prefclip needs Python 3.11 or newer, which $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
{ echo "$(PYTHON) lacks the venv module: install it (Debian: apt-get install python3-venv)" >&2; exit 1; }
endef

# Each stamp is written last and removed first: an interrupted set-up does not count and starts again.
$(LOCKED):
	@$(check_python)
	@rm -rf $(VENV)/.locked-* $(VENV)
	@echo "[1/4] creating $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "[2/4] installing $$(grep -E '^torch(vision)?==' $(LOCK) | xargs) (gigabytes, where it comes with CUDA)"
	@$(PIP) install -c $(LOCK) torch torchvision
	@echo "[3/4] installing the other $$(grep -cvE '^torch(vision)?==' $(LOCK)) packages of $(LOCK)"
	@$(PIP) install -r $(LOCK)
	@touch $@

$(READY): $(LOCKED)
	@echo "[4/4] installing prefclip itself"
	@$(PIP) install --no-deps --no-build-isolation -e .
	@rm -f $(VENV)/.ready-* && touch $@

# Versions stay as locked: delete a line first to renew that package. The CUDA libraries stay out, since torch pins those
# of its own build and its CPU builds need none.
lock:
	@$(check_python)
	@scratch=$$(mktemp -d) && trap 'rm -rf "$$scratch"' EXIT && $(PYTHON) -m venv "$$scratch" && \
	"$$scratch/bin/python" -m pip install -qq -c $(LOCK) ".[slurm,lineage,test]" && \
	"$$scratch/bin/python" -m pip freeze -qq --all | \
	awk -F '==' 'NF == 2 { gsub(/[-_.]+/, "-", $$1); print tolower($$1) "==" $$2 }' | \
	grep -vE '^(pip|triton|(cuda|nvidia)-.*)==' | LC_ALL=C sort -t= -k1,1 > "$$scratch/lock" && mv "$$scratch/lock" $(LOCK) && \
	sum=$$(cksum < $(LOCK)) && sed "s/^\(# cksum of .*: \).*/\1$$sum/" $(CONDA) > "$$scratch/conda" && mv "$$scratch/conda" $(CONDA)
