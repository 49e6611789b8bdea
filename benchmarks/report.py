"""Write benchmarks.json, benchmarks.md and benchmarks.png from what was measured.

python3 -m benchmarks.report FOLDER OUT     where Caffe (and matplotlib) is
"""

import json
import os
import sys
from typing import Any, Dict, Sequence

from benchmarks import tables
from benchmarks.aims import AIMS
from benchmarks.bounds import Measured
from benchmarks.comparing import entry
from data_prep.files import write_text, written_whole


def main(folder: str, out: str) -> None:
    found = [read(folder, name) for name in ("in_caffe", "selecting", "ranking", "peers")]
    in_caffe, selecting, ranking, peers = found
    compared = {
        comparison["name"]: comparison for part in found for comparison in part.get("compared", [])
    }
    equal = [check for part in found for check in part.get("equal", [])]
    unequal = [check for check in equal if not check["difference"] <= check["limit"]]
    if unequal:
        listed = "; ".join(map(tables.equality, unequal))
        raise SystemExit(f"not the same numbers, so nothing to compare: {listed}")
    entries = [entry(aim, compared.get(aim.name)) for aim in AIMS]
    text = tables.page(
        entries,
        Measured(compared, in_caffe["profile"], selecting, ranking["seconds"]),
        read(folder, "memory"),
        equal,
        peers,
        read(folder, "run"),
        read(folder, "surroundings"),
    )
    os.makedirs(out, exist_ok=True)
    write_text(os.path.join(out, "benchmarks.json"), json.dumps(entries, indent=1) + "\n")
    write_text(os.path.join(out, "benchmarks.md"), text)
    draw(os.path.join(out, "benchmarks.png"), entries)
    print(tables.results(entries, compared), file=sys.stderr)


def read(folder: str, name: str) -> Any:
    """Return the content of FOLDER/NAME.json."""
    with open(os.path.join(folder, f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def draw(path: str, entries: Sequence[Dict[str, Any]]) -> None:
    """Draw the ratios as bars on a logarithmic axis, with what they must reach and aim at."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    labels = {aim.name: aim.label for aim in AIMS}
    shown = [record for record in entries if record["ratio"] is not None]
    figure, axis = pyplot.subplots(figsize=(7.5, 0.42 * len(shown) + 1.2))
    for row, record in enumerate(shown):
        ratio = record["ratio"]
        axis.barh(row, ratio, color="#4c78a8", height=0.6)
        right = ratio
        for key, style in (("must", "-"), ("aim", ":")):
            if record[key] is not None:
                axis.plot([record[key]] * 2, [row - 0.4, row + 0.4], "k" + style, linewidth=1.6)
                right = max(right, record[key])
        axis.text(right * 1.06, row, f"{ratio:.3g}", va="center", fontsize=8)
    axis.plot([], [], "k-", label="must reach")
    axis.plot([], [], "k:", label="aim")
    axis.set_yticks(range(len(shown)))
    axis.set_yticklabels([labels[record["name"]] for record in shown])
    axis.invert_yaxis()
    highest = max(record["ratio"] for record in shown)
    axis.set(xscale="log", xlabel="ratio", xlim=(0.1, 3 * highest))
    axis.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    with written_whole(path) as temporary:
        figure.savefig(temporary, dpi=90, format="png")
    pyplot.close(figure)


if __name__ == "__main__":
    main(*sys.argv[1:])
