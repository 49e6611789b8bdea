"""Write benchmarks.json, benchmarks.md and benchmarks.png from what was measured.

python3 -m benchmarks.report FOLDER OUT     where Caffe (and matplotlib) is
"""

import json
import os
import sys

from benchmarks import tables
from benchmarks.aims import AIMS
from benchmarks.bounds import Measured
from benchmarks.comparing import entry


def main(folder, out):
    inside, peers, memory, run, surroundings = (
        read(folder, name) for name in ("in_caffe", "peers", "memory", "run", "surroundings")
    )
    compared = {each["name"]: each for each in inside["compared"] + peers.get("compared", [])}
    equal = inside["equal"] + peers.get("equal", [])
    unequal = [each for each in equal if not each["difference"] <= each["limit"]]
    if unequal:
        raise SystemExit(
            "not the same numbers, so nothing to compare: {}".format(
                "; ".join(map(tables.equality, unequal))
            )
        )
    entries = [entry(aim, compared.get(aim.name)) for aim in AIMS]
    text = tables.page(
        entries, Measured(compared, inside["profile"]), memory, equal, peers, run, surroundings
    )
    os.makedirs(out, exist_ok=True)
    write(os.path.join(out, "benchmarks.json"), json.dumps(entries, indent=1) + "\n")
    write(os.path.join(out, "benchmarks.md"), text)
    draw(os.path.join(out, "benchmarks.png"), entries)
    print(tables.results(entries, compared), file=sys.stderr)


def read(folder, name):
    with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
        return json.load(file)


def write(path, text):
    """Write the file whole or not at all."""
    with open(path + ".writing", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".writing", path)


def draw(path, entries):
    """Draw the ratios as bars on a logarithmic axis, with what they must reach and aim at."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [each for each in entries if each["ratio"] is not None]
    figure, axis = pyplot.subplots(figsize=(7.5, 0.42 * len(shown) + 1.2))
    for place, each in enumerate(shown):
        axis.barh(place, each["ratio"], color="#4c78a8", height=0.6)
        axis.text(
            each["ratio"] * 1.06, place, "{:.3g}".format(each["ratio"]), va="center", fontsize=8
        )
        for key, style in (("must", "-"), ("aim", ":")):
            if each[key] is not None:
                axis.plot([each[key]] * 2, [place - 0.4, place + 0.4], "k" + style, linewidth=1.6)
    axis.plot([], [], "k-", label="must reach")
    axis.plot([], [], "k:", label="aim")
    axis.set_yticks(range(len(shown)))
    axis.set_yticklabels([each["name"] for each in shown])
    axis.invert_yaxis()
    axis.set(
        xscale="log", xlabel="ratio of speeds", xlim=(0.1, 3 * max(each["ratio"] for each in shown))
    )
    axis.legend(loc="lower right", fontsize=8)
    figure.tight_layout()
    figure.savefig(path + ".writing", dpi=90, format="png")
    os.replace(path + ".writing", path)


if __name__ == "__main__":
    main(*sys.argv[1:])
