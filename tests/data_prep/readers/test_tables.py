import pytest

from data_prep.errors import DataError
from data_prep.readers.tables import read_table


def test_order_case_blanks_mark_and_other_columns(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes('\ufeffPatient , x,IMAGE,,\r\n P1,7,"a, b",,\r\n,,,,\r\nP2,,c\r\n'.encode())
    assert read_table(path, ("image", "patient")) == [
        {"image": "a, b", "patient": "P1"},
        {"image": "c", "patient": "P2"},
    ]


@pytest.mark.parametrize(
    "content, message",
    [
        (b"", "no column 'image'"),
        (
            b"image;patient\na;P1\n",
            "no column 'image' in its first line: give a comma-separated table with image, patient",
        ),
        (b"image,patient\n\na\n", "row 3 has no 'patient'"),
        ("image,patient\nä,P1\n".encode("latin-1"), "save it as CSV in UTF-8"),
    ],
)
def test_tables_that_cannot_serve(tmp_path, content, message):
    path = tmp_path / "t.csv"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_table(path, ("image", "patient"))
    assert str(path) in str(caught.value)
