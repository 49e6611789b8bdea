"""The choices made when people label on the page."""

from dataclasses import dataclass

from data_prep.settings import check_ranges, setting
from labelling.learn_settings import LearnSettings


@dataclass(frozen=True)
class LabelSettings:
    """Who labels how long, when the model learns, and where the page is."""

    budget: float = setting(
        0.0, "minutes that people have; 0: as the pool knows it", low=0, metavar="MINUTES"
    )
    people: int = setting(1, "people who are to answer each photograph", low=1, high=100)
    learn_every: int = setting(
        10, "answers after which the model learns again, in the background; 0: never", low=0
    )
    learn: LearnSettings = LearnSettings()
    stride: int = setting(8, "pixels between the patches of the maps; linear between", low=1)
    host: str = setting(
        "127.0.0.1",
        "name or address of this machine to serve at; with the default no other machine reaches it",
    )
    port: int = setting(0, "port to serve at; 0: any free one", low=0, high=65535)

    def check(self) -> None:
        """Raise SettingsError for a value that cannot be meant."""
        check_ranges(self)
