import pytest

from data_prep import readers
from data_prep.errors import DataError


def test_no_such_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    for name in ("absent", "file"):
        with pytest.raises(DataError, match=f"{name}: no such folder"):
            readers.read(tmp_path / name, [].append)


def test_an_unknown_layout_names_the_known_ones(tmp_path):
    with pytest.raises(DataError) as caught:
        readers.read(tmp_path, [].append)
    message = str(caught.value)
    assert str(tmp_path) in message and "\n" not in message
    for name in ("e-ophtha", "IDRiD", "HEI-MED", "folder (images/ and masks/)"):
        assert name in message


def test_no_image_left_always_raises(tmp_path, write_image):
    write_image(tmp_path / "images" / "a.jpg")
    (tmp_path / "masks").mkdir()
    errors = []
    with pytest.raises(DataError, match="no usable image"):
        readers.read(tmp_path, errors.append)
    assert len(errors) == 1


def test_each_layout_is_known_by_one_module(tmp_path, write_image, write_mask):
    write_image(tmp_path / "images" / "a.jpg")
    write_mask(tmp_path / "masks" / "a.png")
    assert [layout.matches(str(tmp_path)) for layout in readers.LAYOUTS] == [
        False,
        False,
        False,
        True,
    ]


def test_non_ascii_names(tmp_path, write_image, write_mask):
    write_image(tmp_path / "Augenärzte" / "images" / "œil.jpg")
    write_mask(tmp_path / "Augenärzte" / "masks" / "œil.png")
    assert readers.read(tmp_path / "Augenärzte").records[0].id == "images/œil.jpg"
