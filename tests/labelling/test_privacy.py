import pytest
from PIL import Image

from labelling.privacy import warning_of


@pytest.mark.parametrize(
    ("name", "warned"),
    [
        ("Smith_John.jpg", True),
        ("Anna Maria left.jpg", True),
        ("1961-07-04.png", True),
        ("04.07.1961 OD.png", True),
        ("19610704.png", True),
        ("IDRiD_012.jpg", False),
        ("C0004234_OD.png", False),
        ("image00012345678.png", False),
        ("20051020_44538_0100_PP.png", True),
    ],
)
def test_names(name, warned, tmp_path):
    path = tmp_path / name
    Image.new("RGB", (4, 4)).save(path)
    assert (warning_of(str(path)) == "its name") == warned


def test_headers(tmp_path):
    path = str(tmp_path / "a.jpg")
    exif = Image.Exif()
    exif[271] = "Topcon"  # the camera's maker
    Image.new("RGB", (4, 4)).save(path, exif=exif)
    assert warning_of(path) == ""
    exif[315] = "John Smith"
    exif[270] = "  "
    Image.new("RGB", (4, 4)).save(path, exif=exif)
    assert warning_of(path) == "Artist"
