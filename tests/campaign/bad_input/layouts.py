"""Data sets that are incomplete, or of no known layout."""

import gzip
import os
import struct

import cv2

from tests.campaign.bad_input.images import PREPARE
from tests.campaign.bad_input.inputs import drawn
from tests.campaign.bad_input.rows import Row

PATIENTS = "image,patient\n" + "".join(f"{number}.png,p{number}\n" for number in range(6))


def table(content):
    return lambda inputs: (inputs.data(), inputs.write("data/patients.csv", content))


def beside(make, name="patients.csv"):
    return lambda inputs: make(str(inputs.data() / name))


def folders(*names):
    """Return what makes these folders and, where a name has a dot, images."""

    def make(inputs):
        for name in names:
            path = inputs.folder / "data" / name
            if path.suffix in (".png", ".jpg"):
                path.parent.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(path), drawn(1)[0])
            else:
                path.mkdir(parents=True, exist_ok=True)

    return make


def few(inputs):
    for path in (*(inputs.data() / "images").iterdir(), *(inputs.folder / "data/masks").iterdir()):
        if path.stem > "1":
            path.unlink()


EX = "e_optha_EX/"
E_OPHTHA = (EX + "EX/E1/a.png", EX + "Annotation_EX/E1/a_EX.png")
SEGMENTATION = "A. Segmentation/1. Original Images/a. Training Set/IDRiD_01.jpg"
MASKS = "A. Segmentation/2. All Segmentation Groundtruths/"
GRADING = "B. Disease Grading/1. Original Images/a. Training Set/IDRiD_001.jpg"


def heimed(lesions, numbers=None, image=True):
    """Return what makes a HEI-MED folder of one eye; numbers: bytes of its map."""

    def make(inputs):
        folders("DMED")(inputs)
        if image:
            folders("DMED/(1).jpg")(inputs)
        inputs.write("data/DMED/(1).GND", lesions)
        if numbers is not None:
            inputs.write("data/DMED/(1).map.gz", numbers)

    return make


ONE = "1\nExudate 1\n"
MAP = struct.pack("<3i", 1, 140, 120) + struct.pack("<i", 1) * 140 * 120
ROWS = [
    Row("no folder", PREPARE, ("data", "no such folder")),
    Row("an empty folder", PREPARE, ("data", "known layout", "e-ophtha"), folders("")),
    Row("a file", PREPARE, ("data", "no such folder"), lambda inputs: inputs.write("data", "x")),
    Row("a link to nowhere", PREPARE, ("data", "no such folder"),
        lambda inputs: os.symlink("x", str(inputs.folder / "data"))),
    Row("another layout", PREPARE, ("data", "known layout"), folders("photos/a.png")),
    Row("a line break in the name", "prepare 'data\n' --out s.h5", ("rename it",)),
    Row("images/ is a file", PREPARE, ("data/images", "not a folder"),
        lambda inputs: (folders("masks")(inputs), inputs.write("data/images", "x"))),
    Row("no image", PREPARE, ("data/images", "no image"), folders("images", "masks")),
    Row("two folders images", PREPARE, ("two folders",), folders("images", "Images", "masks")),
    Row("healthy/ leads nowhere", PREPARE, ("data/healthy", "leads nowhere", "repair it"),
        beside(lambda path: os.symlink("x", path), "healthy")),
    Row("healthy/ is empty", PREPARE, ("data/healthy", "no image"), beside(os.mkdir, "healthy")),
    Row("an image in both folders", PREPARE, ("healthy/1.png", "images/1.png", "rename one"),
        lambda inputs: (inputs.data(), folders("healthy/1.png")(inputs))),
    Row("patients.csv leads nowhere", PREPARE, ("patients.csv", "leads nowhere", "repair it"),
        beside(lambda path: os.symlink("x", path))),
    Row("patients.csv is a folder", PREPARE, ("patients.csv", "not a file"), beside(os.mkdir)),
    Row("patients.csv is a pipe", PREPARE, ("patients.csv", "not a file"), beside(os.mkfifo)),
    Row("two tables", PREPARE, ("patients.csv", "Patients.csv", "move one of them away"),
        lambda inputs: (table(PATIENTS)(inputs), inputs.write("data/Patients.csv", PATIENTS))),
    Row("an empty table", PREPARE, ("patients.csv", "no column 'image'", "patient"), table("")),
    Row("another column", PREPARE, ("patients.csv", "no column 'patient'"), table("image,id\n")),
    Row("semicolons", PREPARE, ("patients.csv", "comma-separated"),
        table(PATIENTS.replace(",", ";"))),
    Row("Latin-1", PREPARE, ("patients.csv", "UTF-8"), table(PATIENTS.encode() + b"6.png,\xe9\n")),
    Row("UTF-16", PREPARE, ("patients.csv", "UTF-8"), table(PATIENTS.encode("utf-16"))),
    Row("NUL", PREPARE, ("data/",), table(PATIENTS.replace("p3", "p\0"))),
    Row("a line break in a patient", PREPARE, ("images/3.png", "rename it"),
        table(PATIENTS.replace("p3", '"p\n3"'))),
    Row("a row without a patient", PREPARE, ("patients.csv", "row 5", "complete"),
        table(PATIENTS.replace("p3", ""))),
    Row("a row too short", PREPARE, ("patients.csv", "row 5"), table(PATIENTS.replace(",p3", ""))),
    Row("a row too many", PREPARE, ("patients.csv", "9.png", "delete the row"),
        table(PATIENTS + "9.png,p9\n")),
    Row("a row too few", PREPARE, ("images/5.png", "has no row"), table(PATIENTS[:-9])),
    Row("two patients of one eye", PREPARE, ("patients.csv", "two patients"),
        table(PATIENTS + "1.png,p7\n")),
    Row("two spellings of a patient", PREPARE, ("'p02'", "in one way"),
        table(PATIENTS.replace("p3", "p02"))),
    Row("two eyes", PREPARE, ("at least 3",), few),
    Row("e-ophtha: no folder EX", PREPARE, ("has no folder EX", "unpack"),
        folders(EX + "Annotation_EX/E1")),
    Row("e-ophtha: no masks", PREPARE, ("has no folder Annotation_EX", "unpack"),
        folders(E_OPHTHA[0])),
    Row("e-ophtha: no patient", PREPARE, ("is empty",), folders(EX + "EX", EX + "Annotation_EX")),
    Row("e-ophtha: an eye of no patient", PREPARE, ("EX/b.png", "move it into the folder"),
        folders(*E_OPHTHA, EX + "EX/b.png")),
    Row("e-ophtha: a patient without an eye", PREPARE, ("E2", "has no image"),
        folders(*E_OPHTHA, EX + "EX/E2")),
    Row("e-ophtha: an eye without a mask", PREPARE, ("E1/b.png", "has no mask", "b_EX"),
        folders(*E_OPHTHA, EX + "EX/E1/b.png")),
    Row("IDRiD: no masks", PREPARE, ("has no folder '2. All", "unpack"), folders(SEGMENTATION)),
    Row("IDRiD: no exudates", PREPARE, ("3. Hard Exudates", "unpack"),
        folders(SEGMENTATION, MASKS + "a. Training Set")),
    Row("IDRiD: no grades", PREPARE, ("has no folder '2. Groundtruths'", "unpack"),
        folders(SEGMENTATION, MASKS + "a. Training Set/3. Hard Exudates/IDRiD_01_EX.png", GRADING)),
    Row("HEI-MED: a list without its eye", PREPARE, ("has .GND files but no .jpg", "copy"),
        heimed(ONE, image=False)),
    Row("HEI-MED: no map", PREPARE, ("(1).GND", "map", "copy"), heimed(ONE)),
    Row("HEI-MED: a count that is none", PREPARE, ("(1).GND", "copy it again"), heimed("²\nx\n")),
    Row("HEI-MED: a count too large", PREPARE, ("(1).GND", "copy it again"), heimed("9\nx 1\n")),
    Row("HEI-MED: an empty list", PREPARE, ("(1).GND", "copy it again"), heimed("")),
    Row("HEI-MED: a cut map", PREPARE, ("(1).map.gz", "copy"), heimed(ONE,
        gzip.compress(MAP)[:40])),
    Row("HEI-MED: a map of another size", PREPARE, ("(1).map.gz", "copy it again"),
        heimed(ONE, gzip.compress(MAP[:-4]))),
    Row("HEI-MED: a map of sizes below 0", PREPARE, ("(1).map.gz", "copy it again"),
        heimed(ONE, gzip.compress(struct.pack("<3i", 1, -140, -120) + MAP[12:]))),
    Row("HEI-MED: a map that is no gzip", PREPARE, ("(1).map.gz", "copy"), heimed(ONE, MAP)),
    Row("HEI-MED: a lesion that is not listed", PREPARE, ("(1).map.gz", "(1).GND lists none",
        "copy"),
        heimed("0\n", gzip.compress(MAP))),
]  # fmt: skip
