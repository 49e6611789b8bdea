"""The page's requests and answers: JSON, and pictures.

Every path begins with the token, see security.py. A request that cannot be is answered with
{error}, in a sentence for the person, and a status: 400 for what is no stroke or answer, 404, 409
where something else has happened meanwhile, 503 where a model could not be asked.
"""

import os
from typing import Any, Dict, Optional

import cv2
from flask import Blueprint, Response, jsonify, render_template, request

from data_prep import field_of_view
from data_prep.errors import DataError
from labelling import RESEARCH_USE
from labelling.page.learner import Learner
from labelling.page.maps import Maps
from labelling.page.raster import mask_of
from labelling.page.work import Work, checked_name, checked_seen
from labelling.pixels import read_pixels

QUALITY = 95  # of the JPEG that people see


def routes(work: Work, maps: Maps, learner: Learner, suggested: str) -> Blueprint:
    """Return the page's paths. suggested: a name for the person who labels."""
    api = Blueprint("api", __name__)

    def shown(photograph: int, who: str) -> Response:
        """Return a photograph's state; its maps and those of the next one are begun."""
        number, path = learner.current()
        following = work.likely_after(who, photograph)
        maps.begin(photograph, path)
        maps.begin_ahead(following, path)
        state = work.state(photograph, who)
        return jsonify({**state, "next": following[:1], "model": number})

    @api.route("/")
    def page() -> str:
        return render_template(
            "page.html", research_use=RESEARCH_USE, suggested=suggested,
            pool=os.path.basename(work.pool.path),
        )  # fmt: skip

    @api.route("/api/next", methods=["POST"])
    def next_photograph() -> Response:
        who = checked_name(_json().get("who"))
        found = work.next_for(who)
        return jsonify({"finished": True}) if found is None else shown(found, who)

    @api.route("/api/photographs/<int:photograph>/open", methods=["POST"])
    def open_photograph(photograph: int) -> Response:
        who = checked_name(_json().get("who"))
        work.open(photograph, who)
        return shown(photograph, who)

    @api.route("/api/photographs/<int:photograph>/strokes", methods=["POST"])
    def add_stroke(photograph: int) -> Response:
        values = _json()
        who, seen = checked_name(values.get("who")), checked_seen(values)
        stroke = work.add_stroke(photograph, who, seen, values.get("tool"), values.get("body"))
        return jsonify({"id": stroke})

    @api.route("/api/photographs/<int:photograph>/answer", methods=["POST"])
    def add_answer(photograph: int) -> Response:
        values = _json()
        who, seen, model = checked_name(values.get("who")), checked_seen(values), None
        if isinstance(values.get("model"), int):
            model = values["model"]
        agreement = work.answer(
            photograph, who, seen, values.get("kind"), values.get("seconds"), model
        )
        learner.notice()
        return jsonify({"agreement": agreement})

    @api.route("/api/photographs/<int:photograph>/mask.png")
    def mask(photograph: int) -> Response:
        row = work.usable(photograph)
        strokes = work.strokes(photograph, checked_name(request.args.get("who")))
        png = field_of_view.to_png(mask_of(strokes, (row.height, row.width)))
        return Response(png, mimetype="image/png")

    @api.route("/api/photographs/<int:photograph>/image.jpg")
    def image(photograph: int) -> Response:
        # Not the file itself: browsers would turn it as EXIF asks, and cannot show every format.
        pixels = read_pixels(work.usable(photograph).path)
        _, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        return Response(jpeg.tobytes(), mimetype="image/jpeg")

    @api.route("/api/photographs/<int:photograph>/layers")
    def layers(photograph: int) -> Response:
        found = maps.of(work.usable(photograph).id, learner.current()[1])
        values = ("highest_phi", "levels", "shown", "boxes")
        return jsonify({name: getattr(found, name) for name in values})

    @api.route("/api/photographs/<int:photograph>/<any(phi, p):layer>.png")
    def layer_png(photograph: int, layer: str) -> Response:
        found = maps.of(work.usable(photograph).id, learner.current()[1])
        return Response(getattr(found, layer), mimetype="image/png")

    @api.route("/api/answers")
    def answers() -> Response:
        return jsonify({"photographs": work.answered()})

    @api.route("/api/status")
    def status() -> Response:
        number, path = learner.current()
        if "who" in request.args:  # a newer model may have ranked: what comes next, by its maps
            who, present = checked_name(request.args["who"]), request.args.get("present", 0, int)
            maps.begin_ahead(work.likely_after(who, present), path)
        rows = {row.id: row for row in work.pool.rankings.models()}
        model = {"id": number, "answers": rows[number].answers, "f": rows[number].f_measure}
        return jsonify({**work.progress(), "model": model, "learner": learner.status()})

    return api


def _json() -> Dict[str, Any]:
    values: Optional[Any] = request.get_json(silent=True)
    if not isinstance(values, dict):
        raise DataError("give a JSON object")
    return values
