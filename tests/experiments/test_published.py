import pytest

from egl.errors import EglError
from experiments.printed import OURS, read_numbers
from experiments.published import read_curves

HEAD = "batch,metric,strategy,value\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "curves.csv"
        path.write_text(text)
        return str(path)

    return write


def test_curves_are_sorted_by_batch(file):
    curves = read_curves(
        file(HEAD + "20,f_measure,egl,0.8\n5,f_measure,egl,0.4\n5,specificity,random,1\n")
    )
    egl = curves[(curves["metric"] == "f_measure") & (curves["strategy"] == "egl")]
    assert (egl["batch"].tolist(), egl["value"].tolist()) == ([5, 20], [0.4, 0.8])
    assert len(curves) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch,value\n1,2\n", "first line must be batch,metric,strategy,value"),
        ("", "first line"),
        (HEAD + "5,recall,egl,0.4\n", "line 2: metric is one of"),
        (HEAD + "5,f_measure,egl,0.4\n5,f_measure,eye,0.4\n", "line 3: metric is one of"),
        (HEAD + "five,f_measure,egl,0.4\n", "line 2: batch and value must be numbers"),
        (HEAD + "5,f_measure,egl\n", "line 2: batch and value must be numbers"),
        (HEAD + "5,f_measure,egl,1.4\n", "value 1.4 from 0 to 1"),
        (HEAD + "nan,f_measure,egl,0.4\n", "batch nan"),
    ],
)
def test_what_is_not_a_curve(file, text, message):
    with pytest.raises(EglError, match=message):
        read_curves(file(text))


def test_a_missing_file(tmp_path):
    with pytest.raises(EglError, match=r"none\.csv: cannot be read"):
        read_curves(str(tmp_path / "none.csv"))


def test_the_numbers_of_the_text_name_their_place():
    numbers = read_numbers()
    assert len(numbers) > 10
    assert all(row["quantity"] and float(row["value"]) > 0 and row["place"] for row in numbers)
    assert {row["ours"] for row in numbers} - {""} == set(OURS)
