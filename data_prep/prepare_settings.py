"""The choices made between photographs and store."""

from dataclasses import dataclass
from typing import Any, Tuple, Union

from data_prep.geometry import PATCH_SIDE
from data_prep.patches import EXUDATE_RULES, ExudateRule
from data_prep.settings import SettingsError, as_float, check_ranges, setting
from data_prep.split import FRACTIONS

HEALTHY_FROM = ("all", "lesion")
SMALLEST_SIDE = 8  # pixels


def exudate_rule(value: Any) -> ExudateRule:
    """Return an exudate rule from text or JSON: a word as it is, a number as a float."""
    try:
        return as_float(value)
    except (TypeError, ValueError):
        return str(value)


@dataclass(frozen=True)
class PrepareSettings:
    """Every choice made between photographs and store, kept in the store's attributes.

    Counts are samples per class; the defaults are the paper's.
    """

    seed: int = setting(1, "decides the split and the patches", low=0, high=2**32 - 1)
    n_train: int = setting(
        8760,
        "training samples per class, counting the 8 symmetries of a patch; the paper's number",
        low=1,
        option="train",
        metavar="N",
    )
    n_validation: int = setting(
        328, "validation samples per class", low=1, option="validation", metavar="N"
    )
    n_test: int = setting(986, "test samples per class", low=1, option="test", metavar="N")
    augmented: bool = setting(
        True, "use no symmetries: every sample is a patch of its own", option="no-augmentation"
    )
    exudate_rule: Union[str, float] = setting(
        "centre",
        "an exudate patch has its 'centre' pixel annotated, or 'any' pixel, or at least this share "
        "of its pixels, for instance 0.05",
        kind=exudate_rule,
        metavar="RULE",
    )
    healthy_from: str = setting(
        "all",
        "take healthy patches from all photographs, or only from those with lesions",
        choices=HEALTHY_FROM,
    )
    scale: float = setting(
        1.0,
        "resize the photographs first, to bring another camera to e-ophtha's scale (a field of "
        "view 900 to 1500 pixels wide); 0.5 for IDRiD as published",
        above=0,
    )
    fractions: Tuple[float, ...] = setting(
        FRACTIONS, "shares of the patients for train, validation and test", option=None
    )
    mask_threshold: int = setting(
        0,
        "values of a mask above this are annotated, for masks whose values say how sure the "
        "annotators are",
        low=0,
        high=2**16 - 2,
        metavar="VALUE",
    )
    side: int = setting(
        PATCH_SIDE, "side of a patch, pixels; the paper's number", low=SMALLEST_SIDE
    )

    def check(self) -> None:
        """Raise SettingsError for a value that makes no sense."""
        check_ranges(self)
        rule = self.exudate_rule
        if rule not in EXUDATE_RULES and not (isinstance(rule, float) and 0 < rule <= 1):
            raise SettingsError(
                f"--exudate-rule {rule}: give centre, any, or a share above 0 and at most 1"
            )
        if (
            len(self.fractions) != len(FRACTIONS)
            or min(self.fractions) <= 0
            or abs(sum(self.fractions) - 1) > 1e-9
        ):
            raise SettingsError(
                f"fractions {self.fractions}: give three shares above 0 that sum to 1"
            )
