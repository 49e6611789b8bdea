"""The subcommands of `egl`: each module's add_ functions give their options."""

import logging
import os

# Matplotlib reads both when it is imported. Figures are drawn without a window, and need no folder
# for Matplotlib's own settings, of which it would warn on standard error.
os.environ["MPLBACKEND"] = "agg"
logging.getLogger("matplotlib").setLevel(logging.ERROR)
