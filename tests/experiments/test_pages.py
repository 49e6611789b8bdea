import pytest

from data_prep.errors import DataError
from experiments.pages import MARK, check_page


def test_a_page_of_ours_and_a_new_one_may_be_written(tmp_path):
    page = tmp_path / "results.md"
    check_page(str(page))
    page.write_text(f"# Results\n\n{MARK}; more\n")
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "fig2.csv").write_text("")
    check_page(str(page))


@pytest.mark.parametrize("content", [b"# My notes\n", b"", b"\xff\xfe\x00"])
def test_the_notes_of_a_user_are_not_overwritten(tmp_path, content):
    page = tmp_path / "notes.md"
    page.write_bytes(content)
    with pytest.raises(DataError, match=r"notes\.md: exists, and egl report has not written it"):
        check_page(str(page))


def test_nor_the_files_of_a_folder_of_that_name(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "claims.csv").write_text("mine")
    with pytest.raises(DataError, match="which exists and is not of egl report"):
        check_page(str(tmp_path / "notes.md"))
    with pytest.raises(DataError, match="there is no folder"):
        check_page(str(tmp_path / "none" / "notes.md"))
