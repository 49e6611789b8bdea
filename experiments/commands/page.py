"""The page on which people label: egl label."""

import argparse
import getpass
from typing import Any

from experiments.commands.options import add_settings, settings_from
from experiments.commands.parsing import add_command, add_device, device_of
from experiments.commands.pools import add_pool_and_model, add_sources
from experiments.processes import end_children, run_in_child


def add_label(commands: Any) -> None:
    """`egl label`."""
    from labelling.page.settings import LabelSettings

    parser = add_command(
        commands,
        "label",
        _label,
        "a pool -> a page in the browser on which people label it",
        "Serve a page on which people paint exudates, photograph after photograph, those first "
        "that teach the model most; print its address, and end with Ctrl-C. Each stroke is in POOL "
        "at once. The model learns meanwhile. Nothing is loaded from elsewhere, and without --host "
        "no other machine reaches it. Research use; not a medical device.",
    )
    add_pool_and_model(parser)
    add_sources(parser)
    add_device(parser)
    add_settings(parser, LabelSettings)


def _label(options: argparse.Namespace) -> None:
    from egl.training.model_folder import read_model
    from labelling.page.server import serving
    from labelling.page.settings import LabelSettings
    from labelling.pool import Pool

    settings = settings_from(options, LabelSettings)
    settings.check()
    read_model(options.model)
    with Pool(options.pool) as pool:
        device = device_of(options)
        served = serving(
            pool, options.model, settings, run_in_child, device, options.sources, getpass.getuser()
        )
        with served as server:
            if settings.budget:
                pool.budget_minutes = settings.budget + pool.minutes_used
            print(f"label at {server.address}")
            print("everything is kept at once; end with Ctrl-C", flush=True)
            try:
                server.serve()
            finally:
                end_children()
            print("ended; start it again to go on")
