import os

from data_prep.readers.pairing import distinct, pair


def test_pairs_by_stem_and_ending_in_order_of_preference(tmp_path):
    for name in (
        "images/a.JPG",
        "images/B.png",
        "images/c.tif",
        "masks/a_ex.PNG",
        "masks/b.png",
        "masks/x_EX.png",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    errors = []
    pairs = pair(str(tmp_path / "images"), str(tmp_path / "masks"), ("_ex", ""), errors.append)
    assert [tuple(map(os.path.basename, both)) for both in pairs] == [
        ("B.png", "b.png"),
        ("a.JPG", "a_ex.PNG"),
    ]
    assert [str(error)[len(str(tmp_path)) :][:26] for error in errors] == [
        "/images/c.tif: has no mask",
        "/masks/x_EX.png: a mask wi",
    ]


def test_a_folder_that_is_not_there_counts_as_empty(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    errors = []
    assert pair(str(tmp_path), str(tmp_path / "absent"), ("",), errors.append) == []
    assert len(errors) == 1


def test_distinct_keeps_the_first_of_a_name():
    errors = []
    assert distinct(["/x/a.jpg", "/x/A.png", "/x/b.jpg"], errors.append) == {
        "a": "/x/a.jpg",
        "b": "/x/b.jpg",
    }
    assert [str(error).split(":")[0] for error in errors] == ["/x/A.png"]
