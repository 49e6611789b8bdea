"""The server of the page: one process, a thread for each request."""

import contextlib
import logging
import multiprocessing
import socket
from contextlib import contextmanager
from typing import Any, Iterator

from werkzeug.serving import make_server

from data_prep.errors import DataError
from labelling.executors import Processes
from labelling.page.app import create_app
from labelling.page.learner import InChild, Learner
from labelling.page.maps import Maps
from labelling.page.security import new_token
from labelling.page.settings import LabelSettings
from labelling.page.work import Work
from labelling.pool import Pool


class Server:
    """A server that is ready; address: for the browser."""

    def __init__(self, app: Any, host: str, listening: socket.socket, token: str) -> None:
        self._server = make_server(host, 0, app, threaded=True, fd=listening.fileno())
        port = listening.getsockname()[1]
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{port}/{token}/"

    def serve(self) -> None:
        """Serve until an interrupt, which ends here."""
        # Werkzeug's log would name the token with every request.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        with contextlib.suppress(KeyboardInterrupt):
            self._server.serve_forever()


@contextmanager
def serving(
    pool: Pool, model: str, settings: LabelSettings, in_child: InChild, device: str = "cpu",
    sources: Any = (), suggested: str = "",
) -> Iterator[Server]:  # fmt: skip
    """Yield a Server of a pool's page, with all that runs beside it.

    in_child: see learner.InChild; whoever ends its processes does so before this context ends.
    sources: data sets to learn from as well; suggested: a name for the person who labels
    Raises DataError where it cannot be served at that place.
    """
    settings.check()
    with _listening(settings.host, settings.port) as listening:
        processes = Processes(1)
        try:
            work = Work(pool, settings)
            maps = Maps(pool, processes, device, settings.stride)
            learner = Learner(
                pool, model, settings.learn_every, in_child, device, sources, settings.learn
            )
            token = new_token()
            app = create_app(work, maps, learner, token, settings.host, suggested)
            learner.start()
            try:
                yield Server(app, settings.host, listening, token)
            finally:
                learner.end()
        finally:
            for process in multiprocessing.active_children():
                process.terminate()  # maps that nobody will see
            processes.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(
            f"--host {host} --port {port}: cannot be served there ({reason}): give another port, "
            "or a name of this machine"
        ) from error
