"""A browser over the WebDriver protocol (W3C), with Python's standard library alone: what the tests ask of one."""
import http.client
import json
import re
import shutil
import subprocess

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of a web element, W3C WebDriver 12.2
KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "End": "\ue010", "Home": "\ue011",
        "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015"}


def missing():
    """Names of programs that are not there; empty: there is a browser."""
    return [name for name in ("chromium", "chromedriver") if not shutil.which(name)]


class Browser:
    """A headless window of 1400 by 900. close() ends both processes."""

    def __init__(self):
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                self.port = int(found.group(1))
                break
        else:
            raise RuntimeError("chromedriver did not start")
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
                            "--window-size=1400,900"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def close(self):
        if self.session:
            self.call("DELETE", "")
        self.driver.terminate()
        self.driver.wait()
        self.driver.stdout.close()

    def call(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        text = None if method != "POST" else json.dumps(body or {})
        connection.request(method, self.session + path, text, {"Content-Type": "application/json"})
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise RuntimeError("%s %s: %s" % (method, path, value["message"].splitlines()[0]))
        return value

    def open(self, path):
        self.visit("file://" + path)

    def visit(self, url):
        self.call("POST", "/url", {"url": url})

    def wait_for(self, condition, milliseconds=20000):
        """Until the JavaScript expression holds; False where it does not in time."""
        return self.call("POST", "/execute/async", {"args": [condition, milliseconds], "script": """
            const [condition, patience, done] = arguments, holds = new Function('return (' + condition + ')');
            const end = performance.now() + patience;
            const look = () => holds() ? done(true) : performance.now() > end ? done(false) : setTimeout(look, 20);
            look();"""})

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def milliseconds_to_ready(self):
        """From the start of the navigation until the page's script is through and what it made was drawn."""
        return self.call("POST", "/execute/async", {"args": [], "script": """
            const done = arguments[0];
            const look = () => document.documentElement.dataset.ready ?
              requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))) :
              requestAnimationFrame(look);
            look();"""})

    def element(self, selector):
        return self.call("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.call("POST", "/element/%s/click" % self.element(selector))

    def fill(self, selector, text):
        element = self.element(selector)
        self.call("POST", "/element/%s/clear" % element)
        if text:
            self.call("POST", "/element/%s/value" % element, {"text": text})

    def press(self, *names):
        """Keys for whatever has the focus."""
        actions = []
        for name in names:
            key = KEYS.get(name, name)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def tab_until(self, condition):
        """Tab by tab, to where the JavaScript expression holds."""
        for _ in range(40):
            self.press("Tab")
            if self.run("return " + condition):
                return
        raise AssertionError("no key leads to where " + condition)

    def command(self, name, **params):
        """Of the browser's own protocol (Chrome DevTools)."""
        self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": params})

    def prefer(self, scheme):
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def complaints(self):
        """What the console has at level warning or above, since it was last asked."""
        log = self.call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] in ("WARNING", "SEVERE")]
