import cv2
import numpy as np

from data_prep.contact_sheet import write_contact_sheet


def test_the_sheet_shows_patches(small_store, tmp_path):
    path = str(tmp_path / "sheet.png")
    write_contact_sheet(small_store, path)
    sheet = cv2.imread(path)
    assert sheet.shape[1] == 1280
    colours = sheet.reshape(-1, 3).astype(int)
    # The patches are BGR and the sheet is RGB: the eye is red, not blue.
    reddish = (colours[:, 2] > colours[:, 0] + 20).mean()
    assert reddish > 0.1
    assert reddish > 10 * (colours[:, 0] > colours[:, 2] + 20).mean()
    assert np.array_equal(sheet[0, 0], [255, 255, 255])
    assert [p.name for p in tmp_path.iterdir()] == ["sheet.png"]
