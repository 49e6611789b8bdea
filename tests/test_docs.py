"""The documentation: its links, paths, names and commands exist, and its Python code runs."""

import doctest
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import data_prep

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
PAGES.append(ROOT / "docs" / "tutorials" / "README.md")
GENERATED = ("results.md", "results-momentum-0.md", "benchmarks.md", "settings.md")
WRITTEN = [page for page in PAGES if page.name not in GENERATED]
# Folders of the repository; docs name files in them by their path.
ROOMS = "(?:egl|data_prep|experiments|labelling|prototxt|docs|runtime|benchmarks|tests)"


def name_of(page):
    return str(page.relative_to(ROOT))


def without_code(text):
    return re.sub(r"```.*?```|^    .*?$", "", text, flags=re.DOTALL | re.MULTILINE)


def code_lines(text):
    """Return the lines of indented code blocks, continued ones joined, comments removed."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL).replace("\\\n", " ")
    indented = re.findall(r"^    (.+)$", text, flags=re.MULTILINE)
    return [re.sub(r"\s+#.*$|^#.*$", "", line).strip() for line in indented]


def code_spans(text):
    """Return the inline code of a page, each on one line."""
    return [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", without_code(text))]


def python_blocks(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def anchor_of(heading):
    """Return the anchor that a heading gets."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
    return kept.strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page):
    for text, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), f"[{text}]({target})"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(anchor_of, headings), f"[{text}]({target})"


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_files_that_are_named_exist(page):
    if page.name == "CHANGELOG.md":
        pytest.skip("names files of the past")
    named = re.findall(rf"(?<![\w/.]){ROOMS}/[\w./-]*\w/?", page.read_text(encoding="utf-8"))
    assert [path for path in sorted(set(named)) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_dotted_names_exist(page):
    for span in code_spans(page.read_text(encoding="utf-8")):
        if re.fullmatch(r"(?:egl|data_prep|experiments|labelling|benchmarks)(?:\.\w+)+", span):
            assert resolve(span), span


def resolve(dotted):
    """Return whether a dotted name is a module, or an attribute of one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_lines_have_at_most_120_columns(page):
    lines = page.read_text(encoding="utf-8").split("\n")
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def commands_in(text):
    """Yield the arguments of every `egl` command in code blocks: runtime/egl, make, docker run."""
    for line in code_lines(text):
        words = shlex.split(line)
        if not words:
            continue
        if words[0] == "runtime/egl":
            yield words[1:]
        elif words[:2] == ["make", "reproduce"]:
            given = dict(word.split("=", 1) for word in words[2:])
            data = ["--data", given["DATA"]] if "DATA" in given else []
            yield ["reproduce", *data, "--out", given.get("OUT", "results")] + shlex.split(
                given.get("ARGS", "")
            )
        elif words[:2] == ["docker", "run"]:
            image = next(i for i, word in enumerate(words) if word.startswith("egl-caffe:"))
            arguments = words[image + 1 :] or ["reproduce"]
            if arguments[0] not in ("test", "notebook"):
                yield arguments


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_command_is_understood(page, monkeypatch):
    from experiments.command_line import parser

    monkeypatch.delenv("EGL_SHARED", raising=False)  # /data is a folder of the image
    for arguments in commands_in(page.read_text(encoding="utf-8")):
        if "--help" in arguments:
            arguments.remove("--help")
            assert arguments[0] in options_by_command()
            continue
        try:
            parser().parse_args(arguments)
        except (Exception, SystemExit) as error:
            pytest.fail(f"egl {' '.join(arguments)}: {error}")


def options_by_command():
    """Return {subcommand: its options}."""
    from experiments.command_line import parser

    subcommands = parser()._subparsers._group_actions[0].choices
    return {name: set(sub._option_string_actions) for name, sub in subcommands.items()}


# Options of other programs that the pages name.
OTHER = {
    "--gpus", "--user", "--build-arg", "--target", "--network", "--read-only", "--tmpfs",
    "--cap-drop", "--security-opt", "--check", "--variant", "--rm",
}  # fmt: skip


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_options_in_the_text_exist(page):
    if page.name == "CHANGELOG.md":
        pytest.skip("names options of the past")
    known = options_by_command()
    for span in code_spans(page.read_text(encoding="utf-8")):
        words = span.replace("runtime/egl", "egl").split()
        options = {word.split("=")[0] for word in words if word.startswith("--")}
        if words[0] == "egl" and len(words) > 1:
            assert words[1] in known, span
            assert options <= known[words[1]], span
        else:
            assert options <= set().union(OTHER, *known.values()), span


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=name_of)
def test_the_site_s_contents_name_every_page(page):
    contents = (ROOT / "docs" / "site" / "contents.md").read_text(encoding="utf-8").splitlines()
    assert f"docs/{page.stem}" in contents, "add it to docs/site/contents.md"


def test_files_md_knows_a_pool_s_tables_and_a_model_s_files():
    from egl.training import model_folder
    from labelling import predicting, schema

    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    tables = re.findall(r"CREATE TABLE (\w+)", " ".join(schema.SCHEMA))
    for name in [*tables, *model_folder.FILES, *predicting.COLUMNS]:
        assert f"`{name}`" in text, name


WITH_DOCTESTS = [
    path
    for room in ("data_prep", "egl", "labelling", "experiments")
    for path in sorted((ROOT / room).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", WITH_DOCTESTS, ids=name_of)
def test_doctests(path):
    module = importlib.import_module(name_of(path)[: -len(".py")].replace("/", "."))
    found = doctest.testmod(module)
    assert found.attempted and not found.failed


def test_versions_agree():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^version: (.+)$", citation, re.MULTILINE).group(1) == data_prep.__version__
    assert re.search(r"^## \[(.+?)\]", changelog, re.MULTILINE).group(1) == data_prep.__version__


@pytest.fixture(scope="module")
def workplace(caffe, small_store, tmp_path_factory):
    """A folder with what the examples read: idrid.h5, the run runs/egl, model.caffemodel."""
    import egl

    folder = tmp_path_factory.mktemp("examples")
    shutil.copy(small_store.path, folder / "idrid.h5")
    options = "--batch 8 --k 8 --candidates 16 --image-patches 2 --evaluate-every 60 --device cpu"
    egl_command = [str(ROOT / "runtime" / "egl"), "select", "idrid.h5", "--out", "runs/egl"]
    run([*egl_command, *options.split()], folder)
    shutil.copy(egl.weights_at(str(folder / "runs" / "egl"), 60), folder / "model.caffemodel")
    return folder


def run(command, folder):
    """Run a command in a folder; return its standard output."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_python(code, folder):
    return run([sys.executable, "-c", code], folder)


def test_the_readme_s_example_runs(workplace):
    (code,) = python_blocks(ROOT / "README.md")
    shown = (
        "print(phi.shape, len(patches), choice.indices.shape, maps.phi.shape, maps.inside.any())"
    )
    said = run_python(code + shown, workplace)
    n_phi, n_patches, n_chosen, rows, columns, inside = re.findall(r"\d+|True|False", said)
    assert n_phi == n_patches and inside == "True"
    assert int(n_chosen) == min(32, int(n_patches))
    assert (int(rows), int(columns)) == ((480 - 48) // 8 + 1, (720 - 48) // 8 + 1)


def test_the_examples_of_extending_run(workplace):
    modules, scripts = [], []
    for block in python_blocks(ROOT / "docs" / "extending.md"):
        (modules if block.startswith("# my_strategies.py") else scripts).append(block)
    assert (len(modules), len(scripts)) == (2, 2)
    (workplace / "my_strategies.py").write_text("\n\n".join(modules))
    for script in scripts:
        run_python(script, workplace)
    # The second strategy keeps to the interface too; the first chooses by its own formula.
    chosen = run_python(
        scripts[0].replace("Gini", "Mixed")
        + scripts[1].replace('"egl-diverse"', '"my_strategies:Gini"')
        + "p = model.posterior(patches)\n"
        "print(set(choice.indices) == set(np.argsort((p**2).sum(axis=1), kind='stable')[:32]))",
        workplace,
    )
    assert chosen.splitlines()[-1] == "True"
