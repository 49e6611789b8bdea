"""The page in real headless Chromium, with the server as a user starts it: runtime/egl label.

These tests run outside runtime/caffe, in an environment with this package and Selenium; Chromium
and its driver come from the system. They are skipped, with a word, where one of these is missing.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.browser.page import Page

ROOT = Path(__file__).resolve().parents[2]
EGL = str(ROOT / "runtime" / "egl")
SECONDS = 60  # to wait for what a busy machine does
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


@pytest.fixture(scope="session")
def chromium():
    """What Selenium needs, or a skip that says what is missing."""
    if "EGL_SHARED" in os.environ:
        pytest.skip("run outside runtime/caffe, where Chromium is")
    selenium = pytest.importorskip("selenium", reason="Selenium is not installed")
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed")
    return selenium


@pytest.fixture(scope="session")
def workplace(chromium, tmp_path_factory):
    """A folder with ranked.sqlite, a pool of eight small phantoms, and its model."""
    folder = tmp_path_factory.mktemp("workplace")
    words = [str(ROOT / "runtime" / "caffe"), "python3", "-m", "tests.browser.workplace"]
    done = subprocess.run([*words, str(folder)], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stderr
    return folder


class Server:
    """`egl label` of a pool in the workplace, started and killed as often as a test wants."""

    def __init__(self, folder, pool):
        self.folder, self.pool, self.process = folder, pool, None

    def start(self, *options):
        words = [EGL, "label", self.pool, "--model", "run", "--stride", "24", *options]
        # Its standard error goes to the test's.
        self.process = subprocess.Popen(
            words, cwd=str(self.folder), stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.address = self.process.stdout.readline().split()[-1]
        return self.address

    def kill(self):
        """As a power cut does."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.communicate()
            self.process = None


@pytest.fixture
def server(workplace, tmp_path):
    """A Server of a pool of the test's own, not started."""
    pool = str(shutil.copy(str(workplace / "ranked.sqlite"), str(tmp_path / "pool.sqlite")))
    server = Server(workplace, pool)
    yield server
    server.kill()


@pytest.fixture(scope="session")
def shared(workplace, tmp_path_factory):
    """A Server that runs, of a pool that several tests look at, each as a person of its own."""
    folder = tmp_path_factory.mktemp("shared")
    server = Server(workplace, str(shutil.copy(str(workplace / "ranked.sqlite"), str(folder))))
    server.start("--learn-every", "0")
    yield server
    server.kill()


@pytest.fixture
def pool(server):
    """The same pool, read by the test."""
    from labelling.pool import Pool

    with Pool(server.pool) as opened:
        yield opened


@pytest.fixture(scope="session")
def driver(chromium):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    with tempfile.TemporaryDirectory() as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}", "--window-size=1280,720"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        options.binary_location = shutil.which("chromium")
        service = webdriver.ChromeService(shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        yield driver
        driver.quit()


@pytest.fixture
def page(driver, server):
    """page(who): a new tab of a person, with a photograph shown; `server` runs."""
    first = driver.current_window_handle
    driver.get_log("browser")

    def tab(who="ann", address=None):
        if address is None and server.process is None:
            server.start("--learn-every", "0")
        driver.switch_to.new_window("tab")
        page = Page(driver, SECONDS)
        page.resize(1280, 720)
        page.open((address or server.address) + (f"?who={who}" if who else ""))
        return page

    yield tab
    for handle in driver.window_handles:
        if handle != first:
            driver.switch_to.window(handle)
            driver.close()
    driver.switch_to.window(first)
