"""A tab with the page, as a person uses it: the mouse, fingers, the keyboard."""

import base64
import time

import cv2
import numpy as np

_MASK = """
const canvas = document.getElementById("mask");
const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
let text = "";
for (let i = 3; i < data.length; i += 4) text += data[i] ? "1" : "0";
return [canvas.height, canvas.width, text];
"""
_SERVED = """
const [path, done] = arguments;
fetch(path).then(reply => reply.blob()).then(blob => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1]);
  reader.readAsDataURL(blob);
});
"""


class Page:
    """One tab. `driver` may have others; each method goes to this one first."""

    def __init__(self, driver, seconds):
        self._driver, self._seconds = driver, seconds
        self._handle = driver.current_window_handle

    @property
    def driver(self):
        if self._driver.current_window_handle != self._handle:
            self._driver.switch_to.window(self._handle)
        return self._driver

    def open(self, address):
        self.driver.get(address)
        if "?who=" in address:
            self.wait_for_photograph()

    def reload(self):
        self.driver.refresh()
        self.wait_for_photograph()

    def resize(self, width, height, is_tablet=False):
        """Make the page itself so large."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        touch = {"enabled": is_tablet, "maxTouchPoints": 2}
        self.driver.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", touch)

    def js(self, code, *arguments):
        return self.driver.execute_script(code, *arguments)

    def until(self, condition, what):
        """Wait until condition() is true, and return what it is."""
        end = time.monotonic() + self._seconds
        while time.monotonic() < end:
            found = condition()
            if found:
                return found
            time.sleep(0.03)
        log = [line["message"] for line in self.driver.get_log("browser")]
        raise AssertionError(f"not in {self._seconds} s: {what}; the browser says {log}")

    def wait_for_photograph(self, other_than=None):
        """Wait until a photograph is shown; return its id."""
        shown = "return document.body.dataset.shown"
        return self.until(
            lambda: self.js(shown) not in (None, other_than) and self.js(shown), "a photograph"
        )

    def wait_for_maps(self):
        both = (
            "const s = document.body.dataset; return s.layers !== undefined && s.layers === s.shown"
        )
        self.until(lambda: self.js(both), "the maps")

    def wait_until_saved(self):
        self.until(lambda: self.text("saved") == "Saved", "Saved")

    def element(self, name):
        return self.driver.find_element("id", name)

    def text(self, name):
        return self.js("return document.getElementById(arguments[0]).textContent", name)

    def notice(self):
        return self.js(
            "const n = document.getElementById('notice'); return n.hidden ? '' : n.textContent"
        )

    @property
    def who(self):
        return self.text("person")

    @property
    def photograph(self):
        return int(self.js("return document.body.dataset.shown"))

    # What is drawn

    def mask(self):
        """Return the mask that the person sees: bool H x W."""
        height, width, text = self.js(_MASK)
        return (np.frombuffer(text.encode(), np.uint8) == ord("1")).reshape(height, width)

    def served_mask(self, who="ann"):
        """Return the mask that the server makes of the strokes."""
        path = f"api/photographs/{self.photograph}/mask.png?who={who}"
        png = base64.b64decode(self.driver.execute_async_script(_SERVED, path))
        return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_GRAYSCALE) > 0

    # Hands

    def actions(self):
        from selenium.webdriver.common.action_chains import ActionChains

        return ActionChains(self.driver, duration=20)

    def press(self, *keys):
        """Press keys, one after another."""
        for key in keys:
            self.actions().send_keys(key).perform()

    def at(self, x, y):
        """Return where a place of the photograph, in shares of its sides, is in the window."""
        return self.js(
            "const b = document.getElementById('stage').getBoundingClientRect();"
            "return [b.left + b.width * arguments[0], b.top + b.height * arguments[1]]", x, y,
        )  # fmt: skip

    def pointer(self, *places, lift=True, button=0):
        """Press the mouse at the first place, move it along the others, release it."""
        from selenium.webdriver.common.action_chains import ActionBuilder

        builder = ActionBuilder(self.driver, duration=20)
        mouse = builder.pointer_action
        for index, place in enumerate(places):
            mouse.move_to_location(*(round(value) for value in self.at(*place)))
            if index == 0:
                mouse.pointer_down(button)
        if lift:
            mouse.pointer_up(button)
        builder.perform()

    def touch(self, kind, *fingers):
        """Send a touch event with the fingers that are down, [(x, y)] in the window."""
        points = [{"x": x, "y": y, "id": index} for index, (x, y) in enumerate(fingers)]
        event = {"type": kind, "touchPoints": points}
        self.driver.execute_cdp_cmd("Input.dispatchTouchEvent", event)

    def problems(self):
        """Return the errors that the browser has named since it was asked last."""
        log = self.driver.get_log("browser")
        return [line["message"] for line in log if line["level"] == "SEVERE"]
