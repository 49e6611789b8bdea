"""The page on scaling, from numbers by hand."""

from benchmarks import scaling_page

ROW = {
    "stride": "", "photographs": "10", "seconds": "20", "own": "1", "others": "36", "own_mb": "150",
    "largest_mb": "500", "read": "2000000", "sent": "4000", "written": "0", "pool": "0",
    "load": "1.0", "date": "2026-01-01", "processor": "P", "cores": "2",
}  # fmt: skip


def rows():
    alone = dict(ROW, by=scaling_page.COMMAND, photographs="1000", pool="5000")
    cluster = dict(ROW, by=scaling_page.CLUSTER)
    return [
        dict(alone, work="index", seconds="10"),
        dict(alone, work="rank", seconds="36"),
        dict(cluster, work="index", others="1"),
        dict(cluster, work="rank", stride="24"),
        dict(cluster, work="predict", stride="8", written="3000000"),
    ]


def test_hours_bytes_and_memory(tmp_path):
    path = tmp_path / "scaling.md"
    scaling_page.write(str(path), rows())
    text = path.read_text()
    # 3.6 core seconds each: 10^4 of them by 2 cores are 5 hours.
    assert "| rank, stride 24 | 10,000 | 5 | 0.5 | (0.1) |" in text
    # 10 machines: 0.1 core seconds each by 20 cores are 0.005 s, less than the command's 0.01 s.
    assert "| index | 10,000 | 0.139 | (0.0278) | (0.0278) |" in text
    assert "| predict, stride 8 | 1,000,000 | 500 | 50 | 5 |" in text
    assert "| 10,000 | 20 GB | 40 MB | 50 MB | 30 GB |" in text
    assert "| 100,000,000 | 200 TB | 400 GB | 500 GB | 300 TB |" in text
    assert "Memory: 1 GB on each machine, and 0.15 GB for the command" in text
    assert "| rank, stride 24 | 2 Dask workers | 30 | 3.6 | 150 | 500 |" in text
    assert "Provisional" not in text


def test_a_busy_machine_is_named(tmp_path):
    path = tmp_path / "scaling.md"
    scaling_page.write(str(path), [*rows(), dict(rows()[0], load="9.5")])
    text = path.read_text()
    words = " ".join(text.split())
    assert "**Provisional**: the machine had other work (load 1.0 to 9.5)." in words
    assert max(map(len, text.splitlines())) <= 120
