import os

import pytest

from data_prep.contact_sheet import write_contact_sheet
from data_prep.errors import DataError
from data_prep.outputs import check_sheet_output, check_store_output


def make(path, kind):
    if kind == "photograph":
        path.write_bytes(b"\xff\xd8\xff pixels")
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(str(path))
    return str(path)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("photograph", "holds something else than a patch store"),
        ("folder", "is a folder"),
        ("pipe", "is a device or a pipe"),
    ],
)
def test_where_no_store_may_be_written(tmp_path, kind, message):
    with pytest.raises(DataError, match=f"--out .*x: {message}"):
        check_store_output(make(tmp_path / "x", kind))


def test_names_that_lead_nowhere(tmp_path):
    with pytest.raises(DataError, match="--out: an empty name"):
        check_store_output("")
    with pytest.raises(DataError, match="there is no folder .*absent"):
        check_store_output(str(tmp_path / "absent" / "s.h5"))


def test_a_store_and_an_empty_file_may_be_replaced(small_store, tmp_path):
    check_store_output(small_store.path)
    check_store_output(str(tmp_path / "new.h5"))
    (tmp_path / "empty.h5").write_bytes(b"")
    check_store_output(str(tmp_path / "empty.h5"))


def test_contact_sheets(small_store, tmp_path):
    store, sheet = str(tmp_path / "s.h5"), str(tmp_path / "sheet.png")
    check_sheet_output(sheet, store)
    write_contact_sheet(small_store, sheet)
    check_sheet_output(sheet, store)
    for path, message in (
        (store, "is --out as well"),
        (str(tmp_path / "." / "s.h5"), "is --out as well"),
        (str(tmp_path / "no" / "s.png"), "there is no folder"),
        (make(tmp_path / "eye.png", "photograph"), "holds something else than a contact sheet"),
        (make(tmp_path / "folder.png", "folder"), "is a folder"),
    ):
        with pytest.raises(DataError, match=f"--contact-sheet .*{message}"):
            check_sheet_output(path, store)
