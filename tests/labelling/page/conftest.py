"""The page of a pool of real photographs, without a browser: requests, and answers."""

import json

import pytest

from labelling.page.app import create_app
from labelling.page.settings import LabelSettings
from labelling.page.work import Work

TOKEN = "secret"


class NoModel:
    """In the place of Maps and Learner, where no model is asked."""

    def __init__(self, pool):
        self.begun, self.noticed = [], 0
        self._id = pool.rankings.model("0" * 64, "/model")

    def begin(self, photograph, model):
        self.begun.append(photograph)

    def begin_ahead(self, photographs, model):
        self.begun += photographs

    def current(self):
        return self._id, "/model"

    def notice(self):
        self.noticed += 1

    def status(self):
        return {"doing": "", "done": 0, "total": 0, "message": "", "until": None}


class Tab:
    """What one tab of one person sends; it knows what it was told."""

    def __init__(self, client, who):
        self.client, self.who = client, who
        self.state = {}

    def post(self, path, **values):
        """Return (status, JSON) of a request with the person's name."""
        text = json.dumps({"who": self.who, **values})
        reply = self.client.post(f"/{TOKEN}/{path}", data=text, content_type="application/json")
        return reply.status_code, reply.get_json()

    def get(self, path):
        """Return (status, bytes)."""
        reply = self.client.get(f"/{TOKEN}/{path}")
        return reply.status_code, reply.data

    def next(self):
        """Take the next photograph; return its id, None where none is left."""
        status, self.state = self.post("api/next")
        assert status == 200, self.state
        return self.state.get("id")

    def open(self, photograph):
        status, state = self.post(f"api/photographs/{photograph}/open")
        if status == 200:
            self.state = state
        return status

    def seen(self):
        return {name: self.state[name] for name in ("drawing", "last")}

    def stroke(self, tool, **body):
        """Send a stroke of the present photograph; return (status, JSON)."""
        path = f"api/photographs/{self.state['id']}/strokes"
        status, reply = self.post(path, tool=tool, body=body, **self.seen())
        if status == 200:
            self.state["last"] = reply["id"]
        return status, reply

    def answer(self, kind, seconds=5.0, **values):
        path = f"api/photographs/{self.state['id']}/answer"
        return self.post(path, kind=kind, seconds=seconds, **{**self.seen(), **values})


def page_of(pool, maps, learner, **settings):
    """Return a test client of a pool's page."""
    work = Work(pool, LabelSettings(**settings))
    app = create_app(work, maps, learner, TOKEN, "127.0.0.1", "ann")
    return app.test_client()


@pytest.fixture
def no_model(real_pool):
    return NoModel(real_pool)


@pytest.fixture
def client(real_pool, no_model):
    return page_of(real_pool, no_model, no_model)


@pytest.fixture
def ann(client):
    return Tab(client, "ann")


@pytest.fixture
def bob(client):
    return Tab(client, "bob")
