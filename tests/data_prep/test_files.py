import csv
import errno
import json
import os
import subprocess
import sys

import pytest

from data_prep.errors import DataError
from data_prep.files import (
    folder_written_whole,
    sha256_of,
    write_csv,
    write_json,
    write_text,
    written_whole,
)


def names(folder):
    return sorted(os.listdir(folder))


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("old")
    with written_whole(str(path)) as temporary:
        assert os.path.dirname(os.path.dirname(temporary)) == str(tmp_path)
        assert os.path.basename(temporary) == "a.png"  # libraries choose the format by it
        with open(temporary, "w") as file:
            file.write("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert names(tmp_path) == ["a.png"]


def test_a_block_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyError), written_whole(str(path)) as temporary:
        with open(temporary, "w") as file:
            file.write("half")
        raise KeyError
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    path = str(tmp_path / "absent" / "a.txt")
    with pytest.raises(DataError, match=r"absent/a\.txt: cannot be written \(No such file"):
        write_text(path, "text")


def test_a_name_relative_to_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text("a.txt", "text")
    assert (tmp_path / "a.txt").read_text() == "text"


def test_a_folder_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "set"
    with folder_written_whole(str(path)) as temporary:
        os.makedirs(os.path.join(temporary, "inner"))
        write_text(os.path.join(temporary, "inner", "a.txt"), "text")
        assert not path.exists()
    assert (path / "inner" / "a.txt").read_text() == "text"
    assert names(tmp_path) == ["set"]


def test_a_folder_whose_block_fails_is_removed(tmp_path):
    with pytest.raises(KeyError), folder_written_whole(str(tmp_path / "set")) as temporary:
        write_text(os.path.join(temporary, "a.txt"), "text")
        raise KeyError
    assert names(tmp_path) == []


@pytest.mark.parametrize("make", [os.mkdir, lambda path: os.symlink("nowhere", path)])
def test_an_existing_folder_is_refused(tmp_path, make):
    make(str(tmp_path / "set"))
    with pytest.raises(DataError, match="set exists already"), folder_written_whole(
        str(tmp_path / "set")
    ):
        pytest.fail("the block must not run")
    assert names(tmp_path) == ["set"]


def test_a_folder_is_made_with_its_parents(tmp_path):
    with folder_written_whole(str(tmp_path / "a" / "b")):
        pass
    assert (tmp_path / "a" / "b").is_dir()


def test_text_is_utf_8_with_its_own_newlines(tmp_path):
    write_text(str(tmp_path / "a.txt"), "œil\r\nend\n")
    assert (tmp_path / "a.txt").read_bytes() == b"\xc5\x93il\r\nend\n"


def test_json_is_sorted_and_read_back(tmp_path):
    write_json(str(tmp_path / "a.json"), {"b": [1, None], "a": 0.5})
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == {"b": [1, None], "a": 0.5}
    assert text.index('"a"') < text.index('"b"')
    assert text.endswith("}\n")


def test_csv_is_read_back(tmp_path):
    rows = [["1", "a,b"], ["2", 'say "x"']]
    write_csv(str(tmp_path / "a.csv"), ("n", "words"), rows)
    with open(str(tmp_path / "a.csv"), newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["n", "words"], *rows]
    assert b"\r" not in (tmp_path / "a.csv").read_bytes()


def test_sha256_by_a_published_value(tmp_path):
    """FIPS 180-2, appendix B.1 and B.3: "abc", and a million times "a"."""
    (tmp_path / "a").write_bytes(b"abc")
    assert (
        sha256_of(str(tmp_path / "a"))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    (tmp_path / "a").write_bytes(b"a" * 10**6)
    assert (
        sha256_of(str(tmp_path / "a"))
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    )


def test_a_folder_needs_a_name():
    with pytest.raises(DataError, match="an empty name"), folder_written_whole(""):
        pytest.fail("the block must not run")


def test_parents_that_were_made_go_with_a_folder_whose_block_fails(tmp_path):
    with pytest.raises(DataError, match=r"No space left"), folder_written_whole(
        str(tmp_path / "a" / "b")
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_removed_and_what_one_writes_is_not(tmp_path):
    (tmp_path / ".set.writing-01234567").mkdir()
    (tmp_path / ".set.writing-01234567" / "a").write_bytes(b"")
    for name in (".set.writing-mine", ".other.writing-01234567"):
        (tmp_path / name).mkdir()
    (tmp_path / ".set.writing-mine" / "b").write_bytes(b"")
    with folder_written_whole(str(tmp_path / "set")) as temporary:
        kept = sorted([".other.writing-01234567", ".set.writing-mine", os.path.basename(temporary)])
        assert names(tmp_path) == kept
        with pytest.raises(KeyError), folder_written_whole(str(tmp_path / "set")):
            assert os.path.basename(temporary) in names(tmp_path)
            raise KeyError
    assert "set" in names(tmp_path)


WRITE_AND_WAIT = """
import sys, time
sys.path[:] = sys.argv[2:]
from data_prep.files import written_whole
with written_whole(sys.argv[1]) as temporary:
    open(temporary, "w").write("half")
    print("writes", flush=True)
    time.sleep(60)
"""


def test_a_file_half_written_by_a_killed_process_goes_with_the_next_and_a_living_one_s_stays(
    tmp_path,
):
    path = tmp_path / "a.txt"
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE_AND_WAIT, str(path), *sys.path], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"writes\n"
    (half,) = names(tmp_path)
    write_text(str(path), "whole")
    assert names(tmp_path) == [half, "a.txt"]
    process.kill()
    process.wait()
    process.stdout.close()
    write_text(str(path), "again")
    assert names(tmp_path) == ["a.txt"]


def test_a_name_as_long_as_a_name_may_be(tmp_path):
    path = tmp_path / ("é" * 125 + ".csv")
    write_text(str(path), "text")
    assert path.read_text() == "text"
