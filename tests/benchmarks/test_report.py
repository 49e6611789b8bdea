"""The report, made from numbers by hand."""

import json
import os

import pytest

from benchmarks import report, tables
from benchmarks.aims import AIMS
from benchmarks.comparing import comparison
from data_prep.files import write_json

LAYERS = [
    {"name": "conv1", "ms": 10.0, "rate": 40.0, "product": 50.0},
    {"name": "pool1", "ms": 4.0},
    {"name": "ip1", "ms": 5.0, "rate": 60.0, "product": 80.0},
]
PHI = (
    "copying the batch into the net",
    "forward to prob",
    "backward from ip2 to ip1's output",
    "norms of ip1's input",
    "norms of the diff",
)
PROFILE = {
    "batch": 64,
    "layers": LAYERS,
    "phi": dict.fromkeys(PHI, 0.5),
    "batches": {"1": 400.0, "64": 1000.0, "128": 1100.0},
    "kernels": {
        "as chosen": {"name": "Prescott", "forward": 1000.0, "product": 90.0},
        "Haswell": {"name": "Haswell", "forward": 1500.0, "product": 100.0},
    },
    "threads": 1.2,
    "processes": 1.98,
    "transfer": 60000.0,
    "dense": {
        str(stride): {
            "seconds": 2.0,
            "by count": 5.0,
            "shares": {"box sums": 0.75, "the rest": 0.25},
        }
        for stride in (24, 8, 4)
    },
}


SELECTING = {"seconds": 100.0, "seconds_choosing": 60.0}


def one(aim, ratio):
    values = {"ours": [1000.0 * ratio] * 2, "theirs": [1000.0] * 2}
    return comparison(aim.name, "patches/s", values, "ours", "theirs")


@pytest.fixture
def measure(tmp_path):
    """Write what the programs would have. Every ratio is `times` as good as its aim.

    peers: False where there is no PyTorch
    """

    def make(times, difference=1e-6, peers=True):
        compared = {
            aim.name: one(aim, aim.aim / times if aim.lower_is_better else aim.aim * times)
            for aim in AIMS
        }
        with_peers = {
            "compared": [compared.pop(name) for name in ("vs_small_text", "vs_torch_func")],
            "equal": [],
            "versions": {"torch": "2"},
            "chunks": {"1": 4, "2": 64},
        }
        of_ranking = ("rank_workers_2", "rank_dask_2_vs_processes_2", "rank_vs_dense")
        ranking = {
            "compared": [compared.pop(name) for name in of_ranking],
            "equal": [],
            "seconds": {"reading": 0.05, "maps": 2.0},
        }
        selecting = {"compared": [compared.pop("select_workers_2")], "equal": [], **SELECTING}
        blas = [{"library": "openblas", "version": "0.3.13", "kernels": "Prescott"}]
        written = {
            "in_caffe": {
                "compared": list(compared.values()),
                "equal": [{"what": "phi", "difference": difference, "limit": 1e-4}],
                "profile": PROFILE,
            },
            "selecting": selecting,
            "ranking": ranking,
            "peers": with_peers if peers else {"missing": "no network"},
            "memory": [{"stride": 4, "peak": 0.8}],
            "run": {"small": False, "began": 0, "seconds": 400.0},
            "surroundings": {
                "commit": "abc1234",
                "processor": "P",
                "cores": 2,
                "memory": 8.0,
                "system": "6",
                "caffe": "1.0.0",
                "blas": blas,
                "python": "3.9.2",
                "numpy": "1.19.5",
            },
        }
        for name, value in written.items():
            write_json(str(tmp_path / f"{name}.json"), value)
        return str(tmp_path)

    return make


@pytest.fixture
def written(measure, tmp_path, monkeypatch):
    """Run the report without the plot, and return (entries, text)."""
    monkeypatch.setattr(report, "draw", lambda path, entries: None)

    def run(*arguments, **named):
        out = str(tmp_path / "docs")
        report.main(measure(*arguments, **named), out)
        assert sorted(os.listdir(out)) == [
            "benchmarks.json",
            "benchmarks.md",
        ]  # nothing half written is left
        with open(os.path.join(out, "benchmarks.json")) as entries, open(
            os.path.join(out, "benchmarks.md")
        ) as text:
            return json.load(entries), text.read()

    return run


def test_every_name_has_its_entry_in_order(written):
    entries, text = written(1.0)
    assert [entry["name"] for entry in entries] == [aim.name for aim in AIMS]
    assert all(
        list(entry) == ["name", "ratio", "must", "aim", "spread"] and entry["spread"] == 0
        for entry in entries
    )
    assert "4 with 1 thread, 64 with 2 threads" in text
    assert "abc1234" in text and "1970-01-01" in text and "stride 4: 0.80 GB" in text


def test_a_missed_aim_is_explained_and_nothing_else(written):
    assert "Every aim was reached." in written(1.5)[1]
    text = written(0.5)[1]
    assert all(f"**{aim.name}** (" in text for aim in AIMS)
    assert "the BLAS kernels of Haswell are 1.50 times as fast as those of Prescott" in text


def test_the_limit_of_two_workers_is_computed_from_the_time_that_they_share(written):
    text = written(0.5)[1]
    assert "the run takes 100 s, 60 s of them to choose" in text and "would be 0.70." in text
    assert "|  | at most 0.6 | aim missed |" in text


def test_without_pytorch_the_rest_is_reported(written):
    entries, text = written(1.0, peers=False)
    assert [entry["name"] for entry in entries if entry["ratio"] is None] == [
        "vs_small_text",
        "vs_torch_func",
    ]
    assert "Not measured: no network" in text and text.count("not measured") == 2


def test_ways_with_different_numbers_are_not_compared(measure, tmp_path):
    for difference in (1e-3, float("nan")):
        with pytest.raises(SystemExit, match="not the same numbers"):
            report.main(measure(1.0, difference=difference), str(tmp_path / "docs"))
    assert not (tmp_path / "docs").exists()


def test_the_plot_is_a_small_png(tmp_path):
    pytest.importorskip("matplotlib")
    entries = [
        {"name": aim.name, "ratio": aim.aim, "must": aim.must, "aim": aim.aim, "spread": 0}
        for aim in AIMS
    ]
    report.draw(str(tmp_path / "plot.png"), entries)
    content = (tmp_path / "plot.png").read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) < 100_000


def test_numbers_and_tables():
    assert [tables.number(value) for value in (None, 0.0345, 1.98, 12.34, 1652.4)] == [
        "",
        "0.0345",
        "1.98",
        "12.3",
        "1652",
    ]
    assert tables.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
