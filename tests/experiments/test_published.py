from pathlib import Path

import pandas as pd
import pytest

from egl.errors import EglError
from experiments.distances import distances, falls_below, reaches_end
from experiments.printed import OURS, read_numbers
from experiments.published import FILE, read_curves, remembered

HEAD = "batch,metric,strategy,value\n"
EXAMPLE = Path(__file__).parents[2] / "docs" / "published-example"


@pytest.fixture
def file(tmp_path):
    def write(text, name="fig2-f_measure-egl.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


def points(curves, **where):
    for name, value in where.items():
        curves = curves[curves[name] == value]
    return list(zip(curves["batch"], curves["value"]))


def test_a_long_table(file):
    curves = read_curves(
        file(HEAD + "20,f_measure,egl,0.8\n5,f_measure,egl,0.4\n5,specificity,random,1\n", "a.csv")
    )
    assert points(curves, metric="f_measure") == [(5, 0.4), (20, 0.8)]
    assert set(curves["figure"]) == {"fig2"}
    assert set(curves["pool"]) == {"all"}
    curves = read_curves(file("pool," + HEAD + "lesion,5,f_measure,egl,0.4\n", "a.csv"))
    assert points(curves, pool="lesion") == [(5, 0.4)]


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n0,0.1\n15,0.8\n",
        "0,0.1\n15,0.8",
        "\ufeffx;y\r\n0;0,1\r\n15;0,8\r\n",
        "# a note\n\n0\t0,1\n15\t0.8\n",
        "-0.4,0.1\n15,0.8\n",  # a slip of the digitiser's hand
    ],
)
def test_one_curve_called_by_its_file(file, text):
    assert points(read_curves(file(text))) == [(0, 0.1), (15, 0.8)]


def test_several_curves_as_webplotdigitizer_writes_them(file):
    text = "fig2-lesion-F-measure-EGL,,fig3 interestingness sgd,\nX,Y,X,Y\n6,0.5,30,8\n,,300,2\n"
    curves = read_curves(file(text, "wpd.csv"))
    assert points(curves, figure="fig2", pool="lesion", metric="f_measure") == [(6, 0.5)]
    assert points(curves, figure="fig3", strategy="sgd") == [(30, 1), (300, 0.25)]  # over its top


def test_the_documented_example_is_read_whole_and_marked_as_made_up():
    curves = read_curves(str(EXAMPLE))
    assert len(curves.drop_duplicates(["figure", "pool", "metric", "strategy"])) == 4
    for path in EXAMPLE.iterdir():
        assert path.read_text().startswith("# MADE UP")


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        ("batch,value\n1,2\n", "curves.csv", "'curves' does not say which curve it is"),
        ("", "a.csv", "is empty"),
        (HEAD, "a.csv", "has no points"),
        (HEAD + "5,recall,egl,0.4\n", "a.csv", "line 2: metric is one of"),
        (HEAD + "5,f_measure,egl,0.4\n5,f_measure,eye,0.4\n", "a.csv", "line 3: metric is one of"),
        (HEAD + "five,f_measure,egl,0.4\n", "a.csv", "line 2: batch and value must be numbers"),
        (HEAD + "5,f_measure,egl\n", "a.csv", "line 2: has 3 cells where the first line has 4"),
        (HEAD + "1,f_measure,egl,0,5\n", "a.csv", "line 2: has 5 cells .* decimal comma"),
        (HEAD + "5,f_measure,egl,1.4\n", "a.csv", "value 1.4 must be from 0 to 1"),
        (HEAD + "nan,f_measure,egl,0.4\n", "a.csv", "batch nan"),
        ("1,0,5\n", "fig2-f_measure-egl.csv", "line 1: has 3 cells .* decimal comma"),
        ("1,80\n", "fig2-f_measure-egl.csv", "not in percent"),
        ("x,y\n", "fig2-f_measure-egl.csv", "has no points"),
        ("1,0.5\n", "fig2-recall-egl.csv", "metric is one of"),
        ("1,0.5\n", "fig3-f_measure-egl.csv", "metric is one of interestingness"),
        (b"1,\x000.5\n", "fig2-f_measure-egl.csv", "NUL"),
        (b"1,\xff\xfe\n", "fig2-f_measure-egl.csv", "cannot be read"),
        ("a,,a,\nX,Y,X,Y\n1,1,1,1\n", "wpd.csv", "'a' does not say which curve"),
        (
            "fig2-f_measure-egl,,fig2-all-f_measure-egl,\nX,Y,X,Y\n1,1,1,1\n",
            "wpd.csv",
            "stands there twice",
        ),
    ],
)
def test_what_is_not_a_curve(file, text, name, message):
    path = file(text, name)
    with pytest.raises(EglError, match=message) as raised:
        read_curves(path)
    assert str(raised.value).startswith(path)
    assert "\n" not in str(raised.value)


def test_a_missing_file_and_a_folder_without_curves(tmp_path):
    with pytest.raises(EglError, match=r"none\.csv: cannot be read"):
        read_curves(str(tmp_path / "none.csv"))
    with pytest.raises(EglError, match=r"holds no \.csv file"):
        read_curves(str(tmp_path))


def test_a_curve_in_two_files(file, tmp_path):
    file("1,0.5\n")
    file("1,0.5\n", "fig2-all-f_measure-egl.csv")
    with pytest.raises(EglError, match="was given before; keep one"):
        read_curves(str(tmp_path))


def test_what_was_given_is_remembered(file, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    assert remembered(str(out), None) is None
    given = read_curves(str(EXAMPLE))
    assert remembered(str(out), given) is given
    pd.testing.assert_frame_equal(remembered(str(out), None), given)
    (out / FILE).write_text("odd")
    with pytest.raises(EglError, match=r"published\.csv"):
        remembered(str(out), None)


def test_distances_by_hand():
    printed = pd.DataFrame({"arm": "egl", "batch": [0, 10.0, 20.0], "value": [0, 0.5, 0.5]})
    ours = pd.DataFrame({"arm": "egl", "batch": [5, 10, 20, 30], "value": [0.35, 0.4, 0.8, 0.8]})
    (row,) = distances(printed, ours, ["arm"], reaches_end).to_dict("records")
    assert row["distance"] == pytest.approx((0.1 + 0.1 + 0.3) / 3)  # 30 is beyond what is printed
    assert (row["theirs"], row["ours"]) == (10, 20)
    assert falls_below(0.5)([1, 2, 3], [1, 0.4, 0.6]) == 2
    assert distances(printed, ours.assign(arm="random"), ["arm"], reaches_end).empty


def test_the_numbers_of_the_text_name_their_place():
    numbers = read_numbers()
    assert len(numbers) > 10
    assert all(row["quantity"] and float(row["value"]) > 0 and row["place"] for row in numbers)
    assert {row["ours"] for row in numbers} - {""} == set(OURS)
