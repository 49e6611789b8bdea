"""Words on the command line, and places to write to, before any work is done."""

import os
import shutil
from importlib.util import find_spec

from tests.campaign.bad_input.inputs import SMALL
from tests.campaign.bad_input.rows import Row

SELECT, TRAIN = "select s.h5 --out run ", "train s.h5 --out run "
LABEL = "label pool.sqlite --model "
NO_CLUSTER = "cannot be reached" if find_spec("distributed") else "needs dask.distributed"
WORDS = [
    ("", ("give a command", "prepare")),
    ("--fast", ("unrecognized arguments: --fast",)),
    ("selct", ("'selct' is not known", "select")),
    ("draw", ("'draw' is not known", "give one of prepare")),
    ("select", ("required: STORE.h5, --out",)),
    (SELECT + "--stratgy egl", ("--stratgy", "did you mean --strategy")),
    (SELECT + "--strategy eggl", ("'eggl'", "did you mean egl?")),
    (SELECT + "--strategy ''", ("strategy ''", "known are")),
    (SELECT + "--patch-strategy margn", ("'margn'", "did you mean margin")),
    (SELECT + "--strategy no.such:Thing", ("'no.such:Thing' cannot be imported",)),
    (SELECT + "--strategy os:path:x", ("'os:path:x'", "cannot be imported")),
    (SELECT + "--strategy os:getcwd", ("no method query_patches", "docs/extending.md")),
    (SELECT + "--by imge", ("--by 'imge'", "did you mean image")),
    (SELECT + "--k many", ("--k: 'many' is not a whole number",)),
    (SELECT + "--k 2.5", ("--k: '2.5' is not a whole number",)),
    (SELECT + "--k 0", ("--k 0: give a number at least 1",)),
    (SELECT + "--rate nan", ("--rate nan: give a finite number",)),
    (SELECT + "--rate 1e999", ("--rate inf: give a finite number",)),
    (SELECT + "--rate 0", ("--rate 0.0: give a number above 0",)),
    (SELECT + "--weight-decay nan", ("--weight-decay nan: give a finite number",)),
    (SELECT + "--batch 0", ("--batch 0: give a number at least 1",)),
    (SELECT + "--stride 0", ("--stride 0: give a number at least 1",)),
    (SELECT + "--workers 0", ("--workers: 0: give a number at least",)),
    (SELECT + "--seed -1", ("--seed -1: give a number from 0",)),
    (SELECT + "--seed 99999999999", ("--seed 99999999999: give a number from 0",)),
    (SELECT + "--initial-iterations 0", ("--initial-iterations 0: give a number",)),
    (SELECT + "--labelled grid --by patch", ("--labelled grid: is for choosing images",)),
    (SELECT + "--score best", ("give one of sum, mean, topN",)),
    (SELECT + "--score top0", ("top0",)),
    (SELECT + "--score top²", ("top²",)),
    (SELECT + "--device tpu", ("device 'tpu': give auto, cpu or gpu:N",)),
    (SELECT + "--device gpu:²", ("gpu:²", "give auto, cpu or gpu:N")),
    (SELECT + "--device gpu:-1", ("gpu:-1", "give auto, cpu or gpu:N")),
    (TRAIN + "--epochs 0", ("--epochs 0: give a number at least 1",)),
    (TRAIN + "--momentum 1", ("--momentum 1.0: give a number at least 0 and below 1",)),
    (TRAIN + "--factor 0", ("--factor 0.0: give a number above 0",)),
    (TRAIN + "--scaling none", ("--scaling 'none'", "give one of")),
    (TRAIN + "--lr-policy stepp", ("--lr-policy", "'stepp'")),
    ("index", ("required: FOLDER, --out",)),
    ("index none --out p.sqlite", ("none: no such folder", "give a folder of photographs")),
    ("index . --out p.sqlite", (": no photograph was found", "give a folder with JPEG")),
    ("index . --out p.sqlite --workers 0", ("--workers: 0: give a number at least",)),
    ("rank p.sqlite --model m --out first", ("p.sqlite: no such pool", "egl index")),
    ("rank p.sqlite --model m --out first --stride 0", ("--stride 0: give a number at least 1",)),
    ("predict 0.png --model m --out masks", ("m: neither a model folder nor a run folder",)),
    ("train s.h5 --out", ("--out: expected one argument",)),
    ("train s.h5 t.h5 --out run", ("'t.h5' is one argument too many",)),
    ("prepare . --out s.h5 --train 0", ("--train 0: give a number at least 1",)),
    ("prepare . --out s.h5 --validation " + "9" * 20, ("",)),
    ("prepare . --out s.h5 --scale -1", ("--scale -1.0: give a number above 0",)),
    ("prepare . --out s.h5 --scale nan", ("--scale nan: give a finite number",)),
    ("prepare . --out s.h5 --exudate-rule edge", ("--exudate-rule edge: give centre, any",)),
    ("prepare . --out s.h5 --exudate-rule nan", ("--exudate-rule nan: give a finite number",)),
    ("prepare . --out s.h5 --exudate-rule 1.5", ("--exudate-rule 1.5: give centre, any",)),
    ("prepare . --out s.h5 --mask-threshold 65535", ("--mask-threshold 65535: give a number",)),
    ("prepare . --out s.h5 --side 7", ("--side 7: give a number at least 8",)),
    ("prepare . --out s.h5 --healthy-from none", ("--healthy-from 'none'", "give one of")),
    ("phantoms out --lesion -1", ("--lesion: -1: give a number at least 0",)),
    ("phantoms out --lesion 0", ("out", "ask for at least one lesion")),
    ("phantoms out --seed " + "9" * 12, ("seed 999999999999", "from 0 to")),
    ("phantoms out --lesion ²", ("--lesion", "not a whole number")),
    ("phantoms ''", ("an empty name",)),
    ("export s.h5 --out x --format hdf", ("--format: 'hdf'", "did you mean hdf5")),
    ("export s.h5 --out x --seed -1", ("--seed: -1: give a number at least 0",)),
    ("export s.h5 --out x --seed 9999999999", ("--seed 9999999999", "from 0 to")),
    ("export s.h5 --out 'a b'", ("a b", "without any")),
    ("reproduce --only fig2,fig9", ("--only 'fig9'", "did you mean fig")),
    ("reproduce --only ''", ("--only ''",)),
    ("reproduce --only no.such", ("experiment 'no.such': cannot be imported",)),
    ("reproduce --only os.path", ("experiment 'os.path'",)),
    ("reproduce --strategies badge,bade", ("'bade'", "did you mean badge?")),
    ("reproduce --seeds 0", ("--seeds: 0: give a number at least 1",)),
    ("reproduce --jobs 0", ("--jobs: 0: give a number at least 1",)),
    ("reproduce --quick --full", ("--full: not allowed with argument --quick",)),
    ("reproduce --published none.csv --out out", ("none.csv",)),
    ("report . --markdown out.html", ("--markdown out.html: give a name that ends in .md",)),
    ("report .", ("is no folder of egl reproduce", "--out")),
    ("report none", ("none", "is no folder of egl reproduce")),
    (LABEL + "none", ("none: neither a model folder nor a run folder",)),
    (LABEL + "none --port 65536", ("--port 65536: give a number from 0 to 65535",)),
    (LABEL + "none --people 0", ("--people 0: give a number from 1",)),
    (LABEL + "none --budget -1", ("--budget -1.0: give a number at least 0",)),
    (LABEL + "none --learn-every -1", ("--learn-every -1: give a number at least 0",)),
    (LABEL + "none --rate 0", ("--rate 0.0: give a number above 0",)),
    (LABEL + "none --hots x", ("--hots", "did you mean --host")),
    ("label", ("required: POOL, --model",)),
    ("compare --out out", ("required: RUN",)),
    ("compare . --out out", (".", "is no run folder", "egl train")),
    ("compare none none --out out", ("none", "is no run folder")),
]


def data(inputs):
    inputs.data()


def beside(make, name):
    return lambda inputs: (inputs.data(), make(str(inputs.folder / name)))


def note(name):
    return lambda inputs: (inputs.data(), inputs.write(name, "my notes"))


def photograph_for_a_sheet(inputs):
    shutil.copy(str(inputs.data() / "images" / "0.png"), str(inputs.folder / "eye.png"))


PREPARE = f"prepare data {SMALL} "
SHEET = PREPARE + "--out s.h5 --contact-sheet "
ROWS = [
    *(Row(f"egl {words}", words, says) for words, says in WORDS),
    Row("--out is empty", PREPARE + "--out ''", ("--out", "an empty name"), data),
    Row("--out is a folder", PREPARE + "--out .", ("--out .", "is a folder", "name a file"), data),
    Row("--out in no folder", PREPARE + "--out no/s.h5", ("no/s.h5", "make it"), data),
    Row("--out in a file", PREPARE + "--out x/s.h5", ("x/s.h5",), note("x")),
    Row("--out is a note", PREPARE + "--out notes.txt", ("notes.txt", "name another"),
        note("notes.txt")),
    Row("--out is a photograph", PREPARE + "--out data/images/0.png", ("0.png", "name another"),
        data),
    Row("--out is a pipe", PREPARE + "--out pipe", ("pipe", "name a file"),
        beside(os.mkfifo, "pipe")),
    Row("--out is a device", PREPARE + "--out /dev/full", ("/dev/full",), data),
    Row("--out of 300 letters", PREPARE + "--out " + "s" * 300, ("--out", "name another"), data),
    Row("--scheduler is no address", "index data/images --out p.sqlite --scheduler nonsense",
        ("--scheduler", NO_CLUSTER), data),
    Row("--patients names nobody", "index data/images --out p.sqlite --patients data/no.csv",
        ("data/no.csv",), data),
    Row("index: --out in no folder", "index data/images --out no/p.sqlite", ("no/p.sqlite",), data),
    Row("index: --out is a note", "index data/images --out notes.txt", ("notes.txt",),
        note("notes.txt")),
    Row("--contact-sheet is empty", SHEET + "''", ("--contact-sheet", "an empty name"), data),
    Row("--contact-sheet is --out", SHEET + "./s.h5", ("--contact-sheet", "give two names"), data),
    Row("--contact-sheet in no folder", SHEET + "no/x.png", ("no/x.png", "make it"), data),
    Row("--contact-sheet is a folder", SHEET + "data", ("data", "is a folder"), data),
    Row("--contact-sheet is a photograph", SHEET + "eye.png", ("eye.png", "name another"),
        photograph_for_a_sheet),
    Row("phantoms into a folder", "phantoms data", ("data exists already", "remove it"), data),
    Row("phantoms into a file", "phantoms x/y", ("x/y", "cannot be written"), note("x")),
    Row("phantoms over a link", "phantoms x", ("x exists already",),
        beside(lambda path: os.symlink("nowhere", path), "x")),
    Row("phantoms of 300 letters", "phantoms " + "p" * 300, ("cannot be written", "another place")),
    Row("prepare of ''", "prepare '' --out s.h5", ("no such folder",)),
]  # fmt: skip
