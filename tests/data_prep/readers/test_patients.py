import pytest

from data_prep.errors import DataError
from data_prep.readers.patients import normal_form, one_spelling
from data_prep.records import Record


def record(name, patient):
    return Record(name, f"/data/{name}", None, patient, False)


@pytest.mark.parametrize(
    "name", ["E0000043", "e0000043", "E0000043 ", "E-0000043", "e_43", "E 043"]
)
def test_spellings_of_one_name(name):
    assert normal_form(name) == ("e", "43")


@pytest.mark.parametrize(
    "one, other",
    [
        ("1-11", "11-1"),
        ("E43", "E430"),
        ("A1", "B1"),
        ("Ä", "A"),
        ("000", ""),
        ("#", "?"),
        ("P10", "P1"),
    ],
)
def test_different_names(one, other):
    assert normal_form(one) != normal_form(other)


def test_every_other_spelling_is_reported_and_left_out():
    records = [
        record("a", "E1"),
        record("b", "e1"),
        record("c", "E1"),
        record("d", "E-1"),
        record("e", "E2"),
    ]
    errors = []
    assert [kept.id for kept in one_spelling(records, errors.append)] == ["a", "c", "e"]
    assert [str(error).split(": spell")[0] for error in errors] == [
        "/data/b: its patient is 'e1', but 'E1' for /data/a",
        "/data/d: its patient is 'E-1', but 'E1' for /data/a",
    ]
    assert all(isinstance(error, DataError) for error in errors)


def test_images_of_unknown_patients_pass():
    records = [record("images/1.jpg", "images/1.jpg"), record("images/01.jpg", "images/01.jpg")]
    assert one_spelling(records, pytest.fail) == records
