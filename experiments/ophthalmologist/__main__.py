"""runtime/caffe python3 -m experiments.ophthalmologist DATA WORK OUT [--seeds 5] [--small]"""

import argparse
import os

import pandas as pd

import experiments.ophthalmologist as about
from data_prep.files import write_csv
from data_prep.outputs import make_folder
from experiments.ophthalmologist import figure
from experiments.ophthalmologist.course import SMALL, Plan, rows_of_seed

COLUMNS = ("seed", "order", "photographs", "exudates", "minutes", "f_measure", "auc")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python3 -m experiments.ophthalmologist",
        description=(about.__doc__ or "").split("\n", 1)[0],
    )
    parser.add_argument("data", help="a data set with masks, such as IDRiD")
    parser.add_argument("work", help="folder for pools and models; rerun to go on where it was")
    parser.add_argument("out", help="folder for ophthalmologist.csv and ophthalmologist.png")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="to see that it runs")
    options = parser.parse_args()
    make_folder(options.out, "OUT")
    rows = []
    for seed in range(1, options.seeds + 1):
        folder = os.path.join(options.work, f"seed-{seed}")
        rows += rows_of_seed(options.data, seed, folder, SMALL if options.small else Plan())
        print(f"seed {seed} done", flush=True)
        # After each seed, so that something is there when it is interrupted.
        table = pd.DataFrame(rows, columns=COLUMNS)
        texts = [[_text(row[name]) for name in COLUMNS] for row in rows]
        write_csv(os.path.join(options.out, "ophthalmologist.csv"), COLUMNS, texts)
        figure.draw(table, os.path.join(options.out, "ophthalmologist.png"))
    print("\n".join(figure.summary(table)))


def _text(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
