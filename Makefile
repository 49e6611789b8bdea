# Each target sets up what is missing (see runtime/caffe) and runs where Caffe is. Start make in this
# folder, or with make -C: Python imports from the current folder.
OUT ?= results

TRY ?= try

.PHONY: reproduce try test torture fuzz sbom docs site bench images images-check

# The paper's experiments: on phantoms in minutes, or on the data set in the folder DATA in hours;
# ARGS go to `egl reproduce`.
reproduce:
	runtime/egl reproduce $(if $(DATA),--data "$(DATA)") --out "$(OUT)" $(ARGS)

# Photographs without labels, tried out on phantoms in the folder TRY: a model, a pool, a ranking to
# look at, and the page to label them on, at the address that is printed; Ctrl-C ends it. Run again,
# it goes on where it was.
try:
	test -d "$(TRY)/phantoms" || runtime/egl phantoms "$(TRY)/phantoms" --lesion 10 --healthy 6
	test -f "$(TRY)/store.h5" || runtime/egl prepare "$(TRY)/phantoms" --out "$(TRY)/store.h5" \
		--train 640 --validation 80 --test 160
	test -d "$(TRY)/photographs" || { mkdir "$(TRY)/photographs" && \
		find "$(TRY)/phantoms" -name "*.jpg" -exec cp {} "$(TRY)/photographs" \; ; }
	runtime/egl train "$(TRY)/store.h5" --out "$(TRY)/run" --epochs 4 --all-epochs
	test -d "$(TRY)/model" || runtime/egl model "$(TRY)/run" --out "$(TRY)/model"
	runtime/egl index "$(TRY)/photographs" --out "$(TRY)/pool.sqlite"
	test -d "$(TRY)/first" || \
		runtime/egl rank "$(TRY)/pool.sqlite" --model "$(TRY)/model" --out "$(TRY)/first" --first 6
	runtime/egl label "$(TRY)/pool.sqlite" --model "$(TRY)/model" --learn-every 4

# All tests, or ARGS for pytest, on up to four cores; ARGS="-n 0 ..." in one process, to debug.
test:
	runtime/caffe python3 -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

# Kills commands at random moments for 20 minutes; what they leave must be as if undisturbed.
torture:
	runtime/caffe python3 -m tests.campaign.torture $(ARGS)

# Damaged files of every kind into every reader, for ten minutes: ARGS="--seconds 60 --seed 2".
fuzz:
	runtime/caffe python3 -m tests.campaign.fuzz $(ARGS)

# Every package that the project runs on, with its version and licence: sbom.json (CycloneDX).
sbom:
	runtime/caffe python3 runtime/sbom.py sbom.json

# The page and the picture that are made from the code, the notebooks with their outputs, and the site.
docs:
	runtime/caffe python3 -m experiments.commands.settings_page docs/settings.md
	runtime/caffe python3 -m experiments.commands.net_picture prototxt/lenet_deploy.svg
	runtime/caffe python3 docs/tutorials/execute.py
	runtime/site

# The documentation as a site, from the pages and notebooks as they are: build/site/index.html.
site:
	runtime/site

# The speeds in docs/benchmarks.md, measured on this machine, which should have nothing else to do.
# ARGS="--small --out FOLDER" tries it out.
bench:
	python3 -m benchmarks $(ARGS)

# The Docker images egl-caffe:cpu and egl-caffe:cuda, or TARGETS, with Docker or buildah; and how
# they are checked without a Docker engine.
images:
	runtime/images build $(or $(TARGETS),cpu cuda)

images-check:
	runtime/images check $(TARGETS)
