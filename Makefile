# Each target sets up what is missing (see runtime/caffe) and runs where Caffe is.
OUT ?= results

.PHONY: reproduce test

# The paper's Fig. 2: on phantoms in minutes, or DATA=folder of a real data set; ARGS go to `egl reproduce`.
reproduce:
	runtime/egl reproduce $(if $(DATA),"$(DATA)") --out "$(OUT)" $(ARGS)

# All tests, or ARGS for pytest.
test:
	runtime/caffe python3 -m pytest $(ARGS)
