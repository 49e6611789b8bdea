"""Execute the notebooks of this folder and of solutions/, or those whose names begin as given.

    runtime/caffe python3 docs/tutorials/execute.py [--short] [NAME...]

Without --short, each is executed in a kernel of its own and written back with its outputs, cleaned
of what differs from run to run. --short only runs their code, in this process and with few
iterations: what the tests do. The exit status is 1 if a cell has failed.
"""

import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SECONDS = 600  # that a cell may take, on a machine that is busy


def notebooks(names):
    """Return the paths of those whose names begin with one of `names`; without names, of all."""
    found = [path for folder in (HERE, HERE / "solutions") for path in folder.glob("[0-9]*.ipynb")]
    return [path for path in sorted(found) if path.name.startswith(tuple(names) or "")]


def run_short(path):
    """Execute the code cells of a notebook in a fresh namespace."""
    import nbformat

    space = {"__name__": "__main__"}
    os.chdir(str(HERE))  # a notebook may have gone elsewhere
    for number, cell in enumerate(nbformat.read(str(path), 4).cells, 1):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{path.name}, cell {number}", "exec"), space)


def run_and_write(path):
    """Execute a notebook in a kernel, and write it back with its outputs."""
    import nbformat
    from nbconvert.preprocessors import ExecutePreprocessor

    notebook = nbformat.read(str(path), 4)
    ExecutePreprocessor(timeout=SECONDS, kernel_name="python3").preprocess(
        notebook, {"metadata": {"path": str(HERE)}}
    )
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.execution_count = None
            cell.outputs = [out for out in cell.outputs if out.get("name") != "stderr"]
            for output in cell.outputs:
                output.pop("execution_count", None)
                if output.output_type == "execute_result":
                    output["execution_count"] = None
                output.metadata = {} if "metadata" in output else output.pop("metadata", None)
                if output.output_type == "stream":
                    output.pop("metadata", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    nbformat.write(notebook, str(path))


def main(arguments):
    short = "--short" in arguments
    os.environ.setdefault("GLOG_minloglevel", "2")
    if short:
        os.environ["EGL_SHORT"] = "1"
        os.environ.setdefault("MPLBACKEND", "agg")
    sys.path[:0] = [str(HERE), str(HERE.parent.parent)]
    failed = []
    for path in notebooks([name for name in arguments if not name.startswith("--")]):
        began = time.time()
        try:
            (run_short if short else run_and_write)(path)
        except Exception as error:
            failed.append(path.name)
            print(f"{path.name}: {type(error).__name__}: {error}")
        else:
            print(f"{path.name}: {time.time() - began:.1f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
