# Each target sets up what is missing (see runtime/caffe) and runs where Caffe is.
OUT ?= results

.PHONY: reproduce test bench images images-check

# The paper's experiments: on phantoms in minutes, or DATA=folder of a real data set in hours; ARGS go to `egl reproduce`.
reproduce:
	runtime/egl reproduce $(if $(DATA),--data "$(DATA)") --out "$(OUT)" $(ARGS)

# All tests, or ARGS for pytest.
test:
	runtime/caffe python3 -m pytest $(ARGS)

# The speeds in docs/benchmarks.md, measured again on this machine, which should have nothing else to do; ARGS="--small --out FOLDER" to try it.
bench:
	python3 -m benchmarks $(ARGS)

# The Docker images egl-caffe:cpu and egl-caffe:cuda, or TARGETS, with Docker or buildah; and how they are checked without a Docker engine.
images:
	runtime/images build $(or $(TARGETS),cpu cuda)

images-check:
	runtime/images check $(TARGETS)
