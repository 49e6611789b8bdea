import io
import re
from pathlib import Path

import pytest

import labelling.page
from labelling.page.security import LARGEST_UPLOAD, is_ours, new_token
from tests.labelling.page.conftest import TOKEN

HERE = Path(labelling.page.__file__).parent


def status(client, path, method="get", **values):
    return getattr(client, method)(path, **values).status_code


def test_without_the_token_nothing_is_served(client):
    static = "static/main.js"
    for path in ("", "api/next", static, "wrong/", "secret2/", f"wrong/{static}", "é/", "/secret/"):
        assert status(client, "/" + path) == 403, path
    assert status(client, "/wrong/api/next", "post", json={"who": "ann"}) == 403
    assert status(client, f"/{TOKEN}/") == 200
    assert status(client, f"/{TOKEN}/static/main.js") == 200


def test_tokens_are_long_and_never_the_same():
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100 and min(map(len, tokens)) >= 32


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "192.168.0.7", "", "a b",
             "localhost.evil.example:1", "[::2]"],
)  # fmt: skip
def test_a_foreign_host_is_refused(client, host):
    assert status(client, f"/{TOKEN}/", headers={"Host": host}) == 403


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:1", "LocalHost", "[::1]:80"])
def test_this_machine_s_own_names_are_served_at_any_port(client, host):
    assert status(client, f"/{TOKEN}/", headers={"Host": host}) == 200


def test_hosts_where_others_may_come():
    assert is_ours("clinic.example:80", "clinic.example")
    assert not is_ours("other.example:80", "clinic.example")
    assert is_ours("10.0.0.3:80", "0.0.0.0") and not is_ours("evil.example", "0.0.0.0")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://127.0.0.1:8000", "http://127.0.0.1:8001",
               "http://127.0.0.1:8000.evil.example"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_foreign_origin_is_refused(client, origin, method, real_pool):
    headers = {"Host": "127.0.0.1:8000", "Origin": origin}
    path = f"/{TOKEN}/api/{'next' if method == 'post' else 'status'}"
    body = {"json": {"who": "ann"}} if method == "post" else {}
    assert status(client, path, method, headers=headers, **body) == 403
    assert real_pool.assignments.assign(1, "bob")
    headers["Origin"] = "http://127.0.0.1:8000"
    assert status(client, path, method, headers=headers, **body) == 200


@pytest.mark.parametrize(
    "path",
    ["../app.py", "..%2fapp.py", "%2e%2e/app.py", "..\\app.py", "....//app.py", "/etc/passwd",
     "%2fetc%2fpasswd", "../../../etc/passwd", "main.js/../../app.py", "main.js%00"],
)  # fmt: skip
def test_paths_lead_nowhere_else(client, path):
    reply = client.get(f"/{TOKEN}/static/{path}", follow_redirects=True)
    assert reply.status_code in (400, 403, 404) and b"import" not in reply.data
    reply = client.get(f"/{TOKEN}/api/photographs/{path}/image.jpg", follow_redirects=True)
    assert reply.status_code in (400, 403, 404)


def test_an_upload_that_is_too_large_is_refused_before_it_is_read(client):
    class Endless(io.RawIOBase):
        def read(self, *arguments):
            raise AssertionError("it was read")

    for length, refused in ((str(LARGEST_UPLOAD + 1), (413,)), ("", (400, 411))):
        reply = client.post(
            f"/{TOKEN}/api/next",
            content_type="application/json",
            environ_overrides={"wsgi.input": Endless(), "CONTENT_LENGTH": length},
        )
        assert reply.status_code in refused


def test_every_reply_forbids_scripts_from_elsewhere(client, ann):
    for path in ("", "static/main.js", "api/status", "static/none.js"):
        headers = client.get(f"/{TOKEN}/{path}").headers
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
        assert "unsafe" not in policy and headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"


def test_nothing_of_the_page_comes_from_elsewhere():
    files = [*(HERE / "static").iterdir(), *(HERE / "templates").iterdir()]
    assert len(files) > 10
    for path in files:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(
            r"https?:|//[a-z]+\.|@import|\bon[a-z]+=\"|<script>|style=\"", text
        ), path
