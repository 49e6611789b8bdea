"""The documentation site: Sphinx over README, docs/ and the API pages that api_pages.py writes.

Nothing comes from elsewhere when a page is read: no font, no script; formulas are MathML.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

project = "egl-caffe"
release = re.search(
    r'__version__ = "(.+?)"', (ROOT / "data_prep" / "__init__.py").read_text(encoding="utf-8")
).group(1)
version = release

extensions = ["myst_nb", "mathml", "source_links"]
root_doc = "index"
exclude_patterns = ["docs/site"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 6
nb_execution_mode = "off"  # the outputs that are committed; execute.py writes them

# Indented blocks are commands and folders; Python is in fenced blocks, which say so.
highlight_language = "none"
python_use_unqualified_type_names = True
add_module_names = False
python_display_short_literal_types = True
maximum_signature_line_length = 88
toc_object_entries = False  # thousands of them, copied for the contents of every page

html_theme = "furo"
html_title = f"egl-caffe {release}"
html_static_path = [str(HERE / "static")]
html_css_files = ["style.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
