"""What a reader returns, whatever the layout of the data set on disk."""

from typing import List, NamedTuple, Optional

# How the README.txt of a folder of phantoms begins.
SYNTHETIC = "Synthetic fundus photographs with exudate masks"


class Record(NamedTuple):
    """One photograph of a data set.

    id: unique in the data set and stable: the image's path below the data set's folder, '/' between
        parts
    image: path of the photograph
    mask: path of the exudate mask, None for a healthy image
    patient: the patient whose eye it shows; images of one patient never go to two splits
    lesion: True if the image has annotated exudates, False if the data set calls it healthy
    mask_threshold: values of the mask above it are annotated
    """

    id: str
    image: str
    mask: Optional[str]
    patient: str
    lesion: bool
    mask_threshold: int = 0


class Dataset(NamedTuple):
    """A data set as a reader found it; name, licence and notes go into the store and the report.

    records: sorted by id
    notes: sentences that a reader of the results must know, e.g. that patients are unknown
    """

    name: str
    licence: str
    records: List[Record]
    notes: List[str]
