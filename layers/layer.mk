# The build of a layer from wheels. The Makefile of a layer sets NAME, SHARED (requirements that another layer has) and
# CODE (a folder of its own modules), and includes this file. SAM runs its target in a scratch copy of the folder of the
# layer, so paths start from the place of this file.
HERE := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
ROOT := $(abspath $(HERE)..)
LOCK := $(HERE)$(NAME)/requirements.txt
PYTHON ?= $(firstword $(wildcard $(ROOT)/.venv/bin/python) python3)
# The processors of the functions, as the template's parameter Architecture; `make build` sets it.
ARCHITECTURE ?= x86_64
MACHINE := $(if $(filter arm64,$(ARCHITECTURE)),aarch64,x86_64)
CACHES := $(ROOT)/.local/cache/layer-$(NAME)-$(ARCHITECTURE)-
CACHE := $(CACHES)$(shell cat $(LOCK) $(SHARED) $(HERE)layer.mk | cksum | cut -d' ' -f1)

# Present in the Lambda runtime; left out with the lines of their hashes.
IN_RUNTIME := boto3|botocore|s3transfer|jmespath

# Nothing that a function imports: build-time packages, Arrow Flight, C headers and sources, a second zstandard backend,
# and the wheels' copies of libarrow_python under its other two names (a wheel cannot hold a symlink).
UNUSED := setuptools setuptools-* _distutils_hack distutils-precedence.pth zstandard/_cffi.* numpy/f2py \
	pyarrow/src pyarrow/*flight* pyarrow/_pyarrow_cpp_tests* pyarrow/libarrow_python.so pyarrow/libarrow_python.so.*.*.* \
	pyarrow/libarrow_python_parquet_encryption.so pyarrow/libarrow_python_parquet_encryption.so.*.*.*
UNUSED_DIRS := tests include bin
UNUSED_FILES := *.pyi *.pyx *.pxd *.pxi *.a *.h *.c

# /opt is read-only in Lambda: bytecode that is not in a layer is compiled again at every cold start.
NOT_COMPILED := /(numpy/(ma|polynomial|testing|typing)|pydantic/v1)/
COMPILE := $(PYTHON) -m compileall -q --invalidation-mode unchecked-hash -p /opt/python

.PHONY: build-layer
build-layer: $(CACHE)
	mkdir -p "$(ARTIFACTS_DIR)/python"
	cp -a "$(CACHE)/." "$(ARTIFACTS_DIR)/python/"
ifdef CODE
	cp -a "$(CODE)/." "$(ARTIFACTS_DIR)/python/"
	find "$(ARTIFACTS_DIR)/python/vitals" -name __pycache__ -prune -exec rm -rf {} +
	$(COMPILE) -s "$(ARTIFACTS_DIR)/python" "$(ARTIFACTS_DIR)/python/vitals"
endif

$(CACHE):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' || \
		{ echo "the layer needs Python 3.13 to build; run 'make setup' first" >&2; exit 1; }
	rm -rf "$(CACHES)"*
	mkdir -p "$(CACHE).part"
	awk -F '==' 'FILENAME != lock { if (/^[^ ]/) shared[$$1] = 1; next } \
		/^[^ ]/ { needed = !($$1 in shared) && !/^($(IN_RUNTIME))==/ } needed' \
		lock="$(LOCK)" $(SHARED) "$(LOCK)" > "$(CACHE).txt"
	$(PYTHON) -m pip install -q --disable-pip-version-check --platform manylinux_2_28_$(MACHINE) --platform manylinux2014_$(MACHINE) \
		--implementation cp --python-version 3.13 --only-binary=:all: --no-deps --no-compile --require-hashes \
		-t "$(CACHE).part" -r "$(CACHE).txt"
	cd "$(CACHE).part" && rm -rf $(UNUSED)
	cd "$(CACHE).part" && find . -type d \( -false $(foreach name,$(UNUSED_DIRS),-o -name $(name)) \) -prune -exec rm -rf {} +
	cd "$(CACHE).part" && find . -type f \( -false $(foreach name,$(UNUSED_FILES),-o -name '$(name)') \) -delete
	$(COMPILE) -s "$(CACHE).part" -x '$(NOT_COMPILED)' "$(CACHE).part"
	mv "$(CACHE).part" "$(CACHE)"
