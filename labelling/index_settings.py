"""The choices made when photographs are indexed."""

from dataclasses import dataclass
from typing import Optional

from data_prep.settings import check_ranges, setting


@dataclass(frozen=True)
class IndexSettings:
    """What the pool is told of photographs that their pixels do not say."""

    scale: Optional[float] = setting(
        None,
        "by what to multiply the photographs' sides for the net; not given: found for each from "
        "the width of its field of view, so that cameras may be mixed",
        above=0, kind=float,
    )  # fmt: skip
    patients: str = setting(
        "", "a table with the columns image (a file's name) and patient", metavar="FILE.csv"
    )
    patient_folder: int = setting(
        0,
        "which folder below FOLDER names the patient: 1 for FOLDER/PATIENT/..., 0: none does",
        low=0,
        metavar="LEVEL",
    )

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)
