"""The page as a Flask application."""

import logging
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Tuple

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from data_prep.errors import DataError
from egl.errors import EglError
from labelling.page.api import routes
from labelling.page.learner import Learner
from labelling.page.maps import Maps
from labelling.page.security import guard
from labelling.page.work import Conflict, Work


def create_app(
    work: Work, maps: Maps, learner: Learner, token: str, host: str, suggested: str = ""
) -> Flask:
    """Return the application. token: the first part of every path; host: where it is served."""
    app = Flask(__name__, static_url_path=f"/{token}/static")
    app.register_blueprint(routes(work, maps, learner, suggested), url_prefix=f"/{token}")
    guard(app, token, host)
    for kind, status in (
        (DataError, 400), (Conflict, 409), (EglError, 503), (BrokenProcessPool, 503)
    ):  # fmt: skip
        app.register_error_handler(kind, _saying(status))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _failure)
    return app


def _saying(status: int) -> Any:
    def answer(error: Exception) -> Tuple[Response, int]:
        return jsonify({"error": str(error)}), status

    return answer


def _http_error(error: HTTPException) -> Tuple[Response, int]:
    return jsonify({"error": error.description}), error.code or 500


def _failure(error: Exception) -> Tuple[Response, int]:
    logging.getLogger(__name__).exception("the page failed")
    return jsonify({"error": f"the server failed ({type(error).__name__}); see its log"}), 500
