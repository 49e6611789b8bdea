from dataclasses import fields
from pathlib import Path

from egl.selection.settings import SelectionSettings
from experiments.commands.settings_page import COMMANDS, settings_page

PAGE = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def test_the_page_in_docs_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == settings_page(), "run: make docs"


def test_every_setting_has_a_row_with_its_option_default_range_and_meaning():
    page = settings_page()
    assert "| `--k` | `k` | `32` | at least 1 | patches chosen a round: one batch |" in page
    assert "| `--no-augmentation` | `augmented` | `true` |  | the option sets it to `false`" in page
    for kind in (*COMMANDS.values(), SelectionSettings):
        for field in fields(kind):
            assert f"`{field.name}`" in page or not field.metadata


def test_settings_that_two_commands_share_are_listed_once():
    assert "## egl select, egl train: `TrainerSettings`" in settings_page()
    assert settings_page().count("| `--lr-policy` |") == 1
