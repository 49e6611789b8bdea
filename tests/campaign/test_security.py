"""What data sets, stores, nets and run folders of strangers cannot do: lead elsewhere, or run code.

Photographs of a data set may be links, since nothing is written there. What a store, a net or a run
folder names lies inside it.
"""

import ast
import gzip
import json
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest

from data_prep import gnd, readers
from data_prep.errors import DataError
from data_prep.hdf5 import own_values
from data_prep.links import refuse_links
from data_prep.locks import LOCK, locked
from data_prep.store import PatchStore
from egl.errors import EglError, NetError
from egl.training.run_files import read_predictions
from egl.training.run_folder import RunFolder
from egl.training.snapshots import read_state
from experiments.processes import run_in_child

PROJECT = Path(__file__).resolve().parents[2]
PACKAGES = ("data_prep", "egl", "labelling", "experiments", "runtime")
SECRET = "of another folder"


# Code


CODE_IN_DATA = {
    *("cPickle", "dill", "jsonpickle", "joblib", "marshal", "pickle", "shelve", "xml", "yaml"),
}
CODE_IN_TEXT = {"eval", "exec", "compile", "__import__", "system", "popen", "mktemp", "read_pickle"}
CODE_IN_OPTIONS = {"shell", "allow_pickle"}


def dangers(source):
    """Yield (line, what) of the calls and imports that could run what a file or a name says."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            for name in names:
                if name.split(".")[0] in CODE_IN_DATA:
                    yield node.lineno, name
        elif isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", None))
            owner = getattr(getattr(node.func, "value", None), "id", None)
            # re.compile is another matter, and so is the method of a regular expression.
            if name in CODE_IN_TEXT and owner != "re":
                yield node.lineno, name
            if owner == "torch" and name == "load":
                yield node.lineno, "torch.load"
            for keyword in node.keywords:
                on = not isinstance(keyword.value, ast.Constant) or keyword.value.value
                if keyword.arg in CODE_IN_OPTIONS and on:
                    yield node.lineno, keyword.arg


@pytest.mark.parametrize(
    "line",
    ["import pickle", "from yaml import load", "import xml.etree.ElementTree as tree", "eval(a)",
     "exec(a)", "os.system(a)", "np.load(a, allow_pickle=True)", "run(a, shell=True)",
     "torch.load(a)", "builtins.exec(a)", "compile(a, b, 'exec')"],
)  # fmt: skip
def test_the_search_finds(line):
    assert list(dangers(line))


def test_the_search_leaves_in_peace():
    assert not list(dangers("re.compile(a); run(a, shell=False); np.load(a); json.load(b)"))


def test_no_code_comes_from_data():
    files = [path for package in PACKAGES for path in sorted((PROJECT / package).rglob("*.py"))]
    assert len(files) > 100
    found = {
        f"{path.relative_to(PROJECT)}:{line}": what
        for path in files
        for line, what in dangers(path.read_text(encoding="utf-8"))
    }
    assert not found


def test_the_report_escapes_what_it_is_told():
    from experiments.report import TEMPLATES

    assert "autoescape=" in Path(TEMPLATES, "report.py").read_text(encoding="utf-8")
    for template in Path(TEMPLATES).rglob("*.html.j2"):
        assert "autoescape false" not in template.read_text(encoding="utf-8")


# Data sets


def test_photographs_may_be_links_but_no_name_in_a_table_is_opened(tmp_path, phantoms):
    source = next(Path(phantoms).rglob("*.jpg"))
    mask = next(Path(phantoms).rglob("*_EX.png"))
    folder = tmp_path / "data"
    for name in ("images", "masks"):
        (folder / name).mkdir(parents=True)
    (folder / "images" / "a.jpg").symlink_to(source)
    (folder / "masks" / "a.png").symlink_to(mask)
    (folder / "patients.csv").write_text("image,patient\na,p\n")
    (record,) = readers.read(str(folder)).records
    assert record.id == "images/a.jpg"
    (folder / "patients.csv").write_text(f"image,patient\na,p\n../../{source},q\n{source},q\n")
    problems = []
    (record,) = readers.read(str(folder), problems.append).records
    assert record.id == "images/a.jpg"
    assert len(problems) == 2  # named as rows without an image, not read


def test_a_map_of_zeros_cannot_fill_the_memory(tmp_path):
    path = tmp_path / "a.map.gz"
    header = np.array([0, 4, 4], "<i4").tobytes()
    with gzip.open(path, "wb") as file:
        file.write(header + bytes(2**26))
    with pytest.raises(DataError, match="not a HEI-MED map"):
        gnd.read_map(str(path))
    with gzip.open(path, "wb") as file:
        file.write(np.array([0, 2**30, 2**30], "<i4").tobytes() + bytes(100))
    with pytest.raises(DataError, match="not a HEI-MED map"):
        gnd.read_map(str(path))


# Stores and predictions


@pytest.fixture
def strange_file(tmp_path):
    """An HDF5 file whose datasets lie elsewhere, but for `own`."""
    with h5py.File(str(tmp_path / "other.h5"), "w") as other:
        other["a"] = [1, 2, 3]
    (tmp_path / "secret.txt").write_text(SECRET)
    with h5py.File(str(tmp_path / "strange.h5"), "w") as file:
        file["own"] = file["group/own"] = [1]
        file["external"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "a")
        file["soft"] = h5py.SoftLink("/own")
        file["group of others"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/")
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        secret = str(tmp_path / "secret.txt").encode()
        properties.set_external(secret, 0, len(SECRET))
        space = h5py.h5s.create_simple((len(SECRET),))
        h5py.h5d.create(file.id, b"raw", h5py.h5t.STD_U8LE, space, properties)
        layout = h5py.VirtualLayout((3,), int)
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "a", (3,))
        file.create_virtual_dataset("virtual", layout)
    with h5py.File(str(tmp_path / "strange.h5"), "r") as file:
        yield file


@pytest.mark.parametrize(
    "name", ["external", "soft", "group of others/a", "raw", "virtual", "group"]
)
def test_values_of_other_files_are_not_read(strange_file, name):
    strange_file[name]  # HDF5 itself would
    with pytest.raises(DataError, match=name.split("/")[0]):
        own_values(strange_file, name)


def test_values_of_the_file_itself_are_read(strange_file):
    assert own_values(strange_file, "own") == own_values(strange_file, "group/own") == [1]
    with pytest.raises(KeyError):
        own_values(strange_file, "absent")


@contextmanager
def changed_copy(small_store, path):
    """Yield an HDF5 file with all that the store holds, to be changed."""
    with h5py.File(path, "w") as file, h5py.File(small_store.path, "r") as good:
        for key in good:
            good.copy(key, file)
        file.attrs.update(good.attrs)
        yield file


@pytest.mark.parametrize("name", ["patches", "images/sha256", "field_of_view/png"])
def test_a_store_cannot_read_another_file(small_store, tmp_path, name):
    path = str(tmp_path / "strange.h5")
    with changed_copy(small_store, path) as file:
        del file[name]
        file[name] = h5py.ExternalLink(small_store.path, name)
    with pytest.raises(DataError, match=r"strange\.h5: .*is a link"):
        PatchStore(path)


@pytest.mark.parametrize("source", ["../secret.png", "/etc/passwd", "a/../../b.png"])
def test_a_store_cannot_name_a_photograph_elsewhere(small_store, tmp_path, source):
    path = str(tmp_path / "strange.h5")
    with changed_copy(small_store, path) as file:
        sources = file["images/source"][...].astype("S40")
        sources[0] = source
        del file["images/source"]
        file["images/source"] = sources
    with pytest.raises(DataError, match="outside the data set"):
        PatchStore(path)


def test_predictions_cannot_be_of_another_file(tmp_path):
    with h5py.File(str(tmp_path / "other.h5"), "w") as other:
        other["a"] = [1, 2, 3]
    with h5py.File(str(tmp_path / "predictions.h5"), "w") as file:
        file["test"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "a")
    with pytest.raises(EglError, match=r"predictions\.h5: .*is a link"):
        read_predictions(str(tmp_path))


# Run folders


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / "victim.txt"
    path.write_text(SECRET)
    yield path
    assert path.read_text() == SECRET


@pytest.mark.parametrize("name", ["log.txt", "solver.prototxt", "snapshots/.restoring.solverstate"])
def test_a_run_is_not_written_through_links(tmp_path, victim, name):
    run = tmp_path / "run"
    RunFolder(str(run), {})
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(victim)
    with pytest.raises(DataError, match=f"{Path(name).name}: is a link"):
        RunFolder(str(run), {})
    with pytest.raises(DataError, match=f"{Path(name).name}: is a link"):
        run_in_child(print, (), str(run))


def test_nor_into_a_folder_behind_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    run = tmp_path / "run"
    run.mkdir()
    (run / "snapshots").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match="snapshots: is a link"):
        refuse_links(str(run))
    (tmp_path / "way").symlink_to(tmp_path / "elsewhere")
    refuse_links(str(tmp_path / "way"))  # the user's own choice of a disk
    refuse_links(str(tmp_path / "absent"))


def test_a_lock_empties_nothing(tmp_path, victim):
    (tmp_path / LOCK).symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"), locked(str(tmp_path)):
        pass


@pytest.mark.parametrize("name", ["../victim.txt", "{victim}", "a/b"])
def test_a_snapshot_names_its_own_files(tmp_path, victim, name):
    snapshot = tmp_path / "iter_000010"
    snapshot.mkdir()
    name = name.format(victim=victim)
    state = {"iteration": 10, "sha256": {name: "0" * 64}, "extra": {}}
    (snapshot / "state.json").write_text(json.dumps(state))
    with pytest.raises(EglError, match="is not in the folder"):
        read_state(str(snapshot))


# Nets


NET = """layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 4 } } }
layer { name: "label" type: "Input" top: "label" input_param { shape { dim: 1 } } }
layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip"
  inner_product_param { num_output: 2 } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
"""


def test_a_net_cannot_overwrite_a_file(caffe, tmp_path, victim):
    from egl.nets.building import scoring_net

    path = tmp_path / "net.prototxt"
    layer = (
        'layer { name: "out" type: "HDF5Output" bottom: "data" bottom: "label" '
        f'hdf5_output_param {{ file_name: "{victim}" }} }}\n'
    )
    path.write_text(NET + layer)
    with pytest.raises(NetError, match="'out' .*HDF5Output.* overwrites a file"):
        scoring_net(str(path))


def test_a_net_cannot_run_code(caffe, tmp_path):
    from egl.nets.building import scoring_net

    path = tmp_path / "net.prototxt"
    layer = (
        'layer { name: "code" type: "Python" bottom: "data" top: "code" '
        'python_param { module: "antigravity" layer: "Anything" } }\n'
    )
    path.write_text(NET + layer)
    with pytest.raises(NetError, match="'code' .*Python.* runs code|'Python', which this Caffe"):
        scoring_net(str(path))


def test_the_image_runs_as_no_root():
    lines = (PROJECT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    stages = [number for number, line in enumerate(lines) if line.startswith("FROM ")]
    for start, stop in zip(stages[1:], [*stages[2:], len(lines)]):  # the first one is thrown away
        users = [line for line in lines[start:stop] if line.startswith("USER ")]
        assert users[-1] == "USER 1000:1000"


def test_the_image_gets_every_package():
    let_in = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    assert {"data_prep", "egl", "labelling"} <= packages
    assert {f"!{name}" for name in packages} <= set(let_in)
