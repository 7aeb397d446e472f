"""The demo and its people, and a place in which the programs of one language run."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

PROGRAM, PROGRAMS, WORK = (Path(word).resolve() for word in sys.argv[1:])
PASSWORD = "long-my-2026"
LANGUAGES = {
    "curl": lambda name: ["sh", f"{name}.sh"],
    "TypeScript": lambda name: ["node_modules/.bin/tsx", f"{name}.ts"],
    "Python": lambda name: [sys.executable, f"{name}.py"],
}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, sure, seconds=40):
    """Waits until `sure` says something true, and gives it back."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := sure():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds} s")


class Demo:
    """A demo in a directory of its own, and what its people do."""

    def __init__(self, name):
        self.directory, self.port = WORK / name, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.directory.mkdir(parents=True)
        self.http = httpx.Client(base_url=self.url, timeout=30)
        self.process = None
        self.start()

    def start(self):
        log = (self.directory / "log").open("ab")
        self.process = subprocess.Popen(
            [PROGRAM, "demo", "--port", str(self.port), "--data-dir", self.directory], stdout=log, stderr=log
        )
        atexit.register(self.process.kill)
        wait_for("the demo answers", self.is_ready, 60)

    def is_ready(self):
        assert self.process.poll() is None, (self.directory / "log").read_text()
        try:
            return self.http.get("/health/ready").is_success
        except httpx.TransportError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def as_(self, username, method, path, body=None):
        form = {"grant_type": "password", "username": username, "password": PASSWORD}
        if username == "city-portal":
            form = {"grant_type": "client_credentials", "client_id": username, "client_secret": PASSWORD}
        token = self.http.post("/api/v1/auth/token", data=form).raise_for_status().json()["access_token"]
        return self.http.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})

    def do(self, username, method, path, body=None):
        answer = self.as_(username, method, path, body)
        assert answer.is_success, f"{username} {method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def ids(self):
        plan = self.do("leader", "GET", "/api/v1/plans?year=2026")["items"][0]["id"]
        periods = self.do("leader", "GET", f"/api/v1/plans/{plan}/periods?limit=200")["items"]
        items = self.do("leader", "GET", f"/api/v1/plans/{plan}/items?q=II.2.k")["items"]
        item = next(one["id"] for one in items if one["code"] == "II.2.k")
        return item, {period["code"]: period["id"] for period in periods}

    def decide(self, username, submission, action, **more):
        return self.do(username, "POST", f"/api/v1/submissions/{submission}/decisions", {"action": action, **more})

    def carry_through(self, submission):
        for username, action in [
            ("ktht.head", "submit"), ("hcc.head", "verify"), ("vhxh.head", "endorse"), ("leader", "approve"),
        ]:
            self.decide(username, submission, action)

    def draft(self, numerator):
        item, periods = self.ids()
        why = {"cause": "subjective", "what_happened": "Một số hồ sơ trễ hạn", "remedy": "Phân công lại",
               "new_date": "2026-09-30"}
        body = {"item_id": item, "period_id": periods["2026-H1"], "numerator": numerator, "denominator": 1000,
                "explanation": why}
        return self.do("ktht.staff", "POST", "/api/v1/submissions", body)["id"]

    def publish(self, period="2026-H1"):
        _, periods = self.ids()
        return self.do("leader", "POST", f"/api/v1/periods/{periods[period]}/publications")

    def correct(self, submission, numerator):
        self.decide("leader", submission, "correct", reason="Số liệu một cửa được đối chiếu lại")
        version = self.do("ktht.staff", "GET", f"/api/v1/submissions/{submission}")["version"]
        form = {"grant_type": "password", "username": "ktht.staff", "password": PASSWORD}
        token = self.http.post("/api/v1/auth/token", data=form).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}", "If-Match": f'"{version}"'}
        changed = self.http.patch(f"/api/v1/submissions/{submission}", json={"numerator": numerator}, headers=headers)
        assert changed.is_success, changed.text
        self.carry_through(submission)

    def withdraw(self, publication):
        body = {"reason": "Công bố nhầm kỳ"}
        return self.do("leader", "POST", f"/api/v1/publications/{publication['id']}/withdraw", body)


class Place:
    """A directory in which the programs of one language run."""

    def __init__(self, demo, name, language, client="city-portal", secret=PASSWORD):
        self.command, self.language = LANGUAGES[language], language
        self.directory = WORK / name / language
        shutil.copytree(PROGRAMS, self.directory, symlinks=True, ignore=shutil.ignore_patterns("node_modules"))
        (self.directory / "node_modules").symlink_to(PROGRAMS / "node_modules")
        self.environment = os.environ | {
            "CCHC_URL": demo.url, "CCHC_CLIENT_ID": client, "CCHC_CLIENT_SECRET": secret,
            "ADMIN": "admin", "ADMIN_PASSWORD": PASSWORD,
        }

    def name_of(self, program):
        # `copy` is a module of Python's own.
        return "copy_results" if (program, self.language) == ("copy", "Python") else program

    def start(self, program, *words, **environment):
        return subprocess.Popen(
            [*self.command(self.name_of(program)), *words], cwd=self.directory, env=self.environment | environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        )

    def run(self, program, *words, fails=False, **environment):
        process = self.start(program, *words, **environment)
        try:
            said, cried = process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            end(process)
            raise
        assert (process.returncode != 0) == fails, f"{self.language} {program} {words}: {said}\n{cried}"
        return said + cried if fails else said

    def shell(self, program, *words, fails=False, **environment):
        return Shell(self).run(program, *words, fails=fails, **environment)

    def copy(self):
        files = (self.directory / "copy").glob("*.json")
        return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}

    def inbox(self):
        files = (self.directory / "inbox").glob("*.json")
        return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


class Shell(Place):
    """The same directory, with the programs in shell."""

    def __init__(self, place):
        self.command, self.language = LANGUAGES["curl"], "curl"
        self.directory, self.environment = place.directory, place.environment


def end(process):
    """Ends a program that goes on by itself, and what it started."""
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate(timeout=10)
