"""What a reader returns, whatever the layout of the data set on disk."""

from typing import List, NamedTuple, Optional

SYNTHETIC = "Synthetic fundus photographs with exudate masks"  # how the README.txt of a folder of phantoms begins


class Record(NamedTuple):
    """One photograph of a data set.

    id: unique in the data set and stable: the path of the image below the data set's folder, '/' between parts
    image: path of the photograph
    mask: path of the exudate mask (any value above 0 is annotated), None for a healthy image
    patient: whose eye it is; images of one patient never come into two splits
    lesion: True if the image has annotated exudates, False if a reader of the data set called it healthy
    """

    id: str
    image: str
    mask: Optional[str]
    patient: str
    lesion: bool


class Dataset(NamedTuple):
    """A data set as a reader found it: `records` sorted by id; name, licence and notes go into the store and the report."""

    name: str
    licence: str
    records: List[Record]
    notes: List[str]  # sentences a reader of the results must know, e.g. that patients are unknown
