import os

import numpy as np
import pytest

from data_prep.errors import DataError
from labelling.pixels import files_below, read_pixels
from labelling.privacy import warning_of


def test_files_are_found_in_trees_by_suffix_or_as_dicom(tmp_path):
    for name in ("b/2.JPG", "b/1.tiff", "a.png", ".hidden.png", ".dir/c.png", "t.txt", "x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "IM0001").write_bytes(bytes(128) + b"DICM")
    found = [os.path.relpath(path, tmp_path) for path in files_below(str(tmp_path))]
    assert found == ["IM0001", "a.png", "b/1.tiff", "b/2.JPG"]


@pytest.fixture
def write_dicom(tmp_path):
    pydicom = pytest.importorskip("pydicom")

    def write(pixels, kind, bits=8, name="a.dcm", **fields):
        meta = pydicom.dataset.FileMetaDataset()
        meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.5.1"
        meta.MediaStorageSOPInstanceUID = "1.2.3"
        path = str(tmp_path / name)
        data = pydicom.dataset.FileDataset(path, {}, file_meta=meta, preamble=bytes(128))
        data.is_little_endian, data.is_implicit_VR = True, False
        data.Rows, data.Columns = pixels.shape[:2]
        data.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
        data.PlanarConfiguration = 0
        data.PhotometricInterpretation = kind
        data.BitsAllocated = 8 * pixels.dtype.itemsize
        data.BitsStored, data.HighBit, data.PixelRepresentation = bits, bits - 1, 0
        data.PixelData = pixels.tobytes()
        for field, value in fields.items():
            setattr(data, field, value)
        data.save_as(path, write_like_original=False)
        return path

    return write


def test_dicom(write_dicom):
    rgb = np.random.RandomState(0).randint(0, 256, (6, 8, 3)).astype(np.uint8)
    np.testing.assert_array_equal(read_pixels(write_dicom(rgb, "RGB")), rgb[:, :, ::-1])
    grey = np.arange(48, dtype=np.uint8).reshape(6, 8)
    for kind, expected in (("MONOCHROME2", grey), ("MONOCHROME1", 255 - grey)):
        pixels = read_pixels(write_dicom(grey, kind))
        np.testing.assert_array_equal(pixels, np.dstack([expected] * 3))
    twelve = (grey.astype(np.uint16) << 4) + 3
    pixels = read_pixels(write_dicom(twelve, "MONOCHROME2", bits=12, name="IM1"))
    np.testing.assert_array_equal(pixels[:, :, 0], grey)


def test_dicom_says_whose_it_is(write_dicom):
    grey = np.zeros((6, 8), np.uint8)
    assert warning_of(write_dicom(grey, "MONOCHROME2", PatientName="")) == ""
    path = write_dicom(grey, "MONOCHROME2", PatientName="Smith^John", PatientBirthDate="19610704")
    assert warning_of(path) == "PatientName, PatientBirthDate"


def test_bad_dicom(write_dicom, tmp_path):
    grey = np.zeros((6, 8), np.uint8)
    with pytest.raises(DataError, match="several frames"):
        read_pixels(write_dicom(grey, "MONOCHROME2", NumberOfFrames=2))
    with pytest.raises(DataError, match="the kind PALETTE COLOR"):
        read_pixels(write_dicom(grey, "PALETTE COLOR"))
    path = tmp_path / "b.dcm"
    path.write_bytes(b"nonsense" * 100)
    with pytest.raises(DataError, match="b.dcm: not a DICOM file"):
        read_pixels(str(path))
