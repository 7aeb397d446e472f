"""Has the programs of docs/integrators.md do their journeys, and holds what they did against what is true.

Usage: drive.py PROGRAM PROGRAMS WORK; tests/integrators/run prepares it. Persons of the demo act in between.
"""

import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from demo import LANGUAGES, Demo, Place, end, free_port, wait_for


def published(demo):
    """What is public now, as a portal's copy should have it."""
    found = {}
    for ward in demo.do("city-portal", "GET", "/public/v1/wards")["items"]:
        for period in ["2026-Q1", "2026-H1"]:
            path = f"/public/v1/wards/{ward['code']}/results?year=2026&period={period}"
            answer = demo.as_("city-portal", "GET", path)
            assert answer.status_code in (200, 404), answer.text
            if answer.status_code == 200:
                found[f"{ward['code']}_2026_{period}"] = answer.json()
    return found


def same_everywhere(demo, places, what):
    def sure():
        truth = published(demo)
        return truth if all(place.copy() == truth for place in places) else None

    return wait_for(f"every portal has the copy ({what})", sure)


def portal_journey():
    demo = Demo("portal")
    places = [Place(demo, "portal-programs", language) for language in LANGUAGES]
    submission = demo.draft(940)
    demo.carry_through(submission)
    first = demo.publish()
    for place in places:
        said = place.run("read", "long-my", "2026", "2026-H1").splitlines()
        assert "ward long-my: Phường Long Mỹ" in said, said
        assert any(line.startswith("II.2.k: ") and "numerator / denominator * 100" in line for line in said), said
        assert "II.2.k: 940/1000 = 94" in [line.replace("94.0", "94") for line in said], said
        assert said[-1] == "304 on the second look", said
        place.run("copy", "once")
        assert place.copy() == published(demo), place.language
        place.run("copy", "once")
    print("  portal: three programs read, and copy what is there")

    followers = [place.start("copy") for place in places]
    try:
        demo.correct(submission, 960)
        second = demo.publish()
        truth = same_everywhere(demo, places, "a correction")
        assert rate_in(truth) == 96, truth["long-my_2026_2026-H1"]
        demo.stop()
        time.sleep(3)
        demo.start()
        demo.withdraw(second)
        assert rate_in(same_everywhere(demo, places, "a withdrawal, after the server was away")) == 94
        demo.withdraw(first)
        assert "long-my_2026_2026-H1" not in same_everywhere(demo, places, "nothing stands any more")
        third = demo.publish()
        assert third["number"] == 3 and rate_in(same_everywhere(demo, places, "published anew")) == 96
    finally:
        for follower in followers:
            end(follower)
    for place in places:
        (place.directory / "copy" / "cursor").write_text(cursor_of_nowhere(demo))
        (place.directory / "copy" / "long-my_1999_1999-Q1.json").write_text("{}")
        place.run("copy", "once")
        assert place.copy() == published(demo), f"{place.language} begins again"
    demo.stop()
    print("  portal: copies are exact through a correction, a stop of the server, withdrawals and a lost cursor")


def rate_in(truth):
    return next(one["rate"] for one in truth["long-my_2026_2026-H1"]["items"] if one["code"] == "II.2.k")


def cursor_of_nowhere(demo):
    """A cursor of this reader whose change is not there, as after a restore from an older backup."""
    some = demo.do("city-portal", "GET", "/public/v1/changes?limit=1")["next_cursor"]
    scope = base64.urlsafe_b64decode(some + "==").decode().split("|")[0]
    key = f"{scope}|00000000-0000-7000-8000-000000000000"
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def unit_journey(language):
    demo = Demo(f"unit-{language}")
    place = Place(demo, f"unit-programs-{language}", language)
    secret = place.shell("prepare", "KTHTDT", "one-stop-shop").strip()
    place.environment |= {"CCHC_CLIENT_ID": "one-stop-shop", "CCHC_CLIENT_SECRET": secret}
    place.run("unit", "follow")
    sent = place.run("unit", "send", "figures.json", "2026-H1/1")
    lines = sent.splitlines()
    assert lines[:2] == ["II.2.k 2026-H1: created", "II.2.a 2026-H1: rejected"], sent
    assert lines[2].startswith("  numerator_exceeds_denominator: "), sent
    assert place.run("unit", "send", "figures.json", "2026-H1/1") == sent, "the same key gets the first answer"

    rows = json.loads((place.directory / "figures.json").read_text(encoding="utf-8"))
    mended = {"rows": [rows["rows"][0] | {"numerator": 1180}]}
    (place.directory / "mended.json").write_text(json.dumps(mended))
    cried = place.run("unit", "send", "mended.json", "2026-H1/1", fails=True)
    assert "idempotency_key_reused" in cried, cried

    assert place.run("unit", "follow").splitlines() == ["II.2.k 2026-H1 draft"]
    assert place.run("unit", "follow") == ""
    found = demo.do("ktht.head", "GET", "/api/v1/submissions?plan=2026&period=2026-H1&item=II.2.k")["items"]
    submission, = [one["id"] for one in found if one["unit_code"] == "KTHTDT"]
    demo.decide("ktht.head", submission, "submit")
    reason = "Tử số chưa khớp với sổ theo dõi"
    demo.decide("hcc.head", submission, "return", reason=reason, reason_codes=["wrong_figure"])
    assert place.run("unit", "follow").splitlines() == [f"II.2.k 2026-H1 returned: {reason}"]
    assert place.run("unit", "send", "mended.json", "2026-H1/2").splitlines() == ["II.2.k 2026-H1: updated"]
    demo.carry_through(submission)
    assert place.run("unit", "follow").splitlines() == ["II.2.k 2026-H1 approved"]
    figure = demo.do("ktht.head", "GET", f"/api/v1/submissions/{submission}")
    assert (figure["numerator"], figure["denominator"], figure["revision"]) == (1180, 1200, 2), figure
    demo.stop()
    print(f"  unit, in {language}: drafted by codes, returned, mended, approved; each step read back")


class Catcher(BaseHTTPRequestHandler):
    """Hands each request to verify.sh, which has no server of its own."""

    place, secret, count = None, "", 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Catcher.count += 1
        file = self.place.directory / f"request-{self.count}"
        file.write_bytes(body)
        words = [self.headers.get(f"webhook-{name}", "") for name in ["id", "timestamp", "signature"]]
        command = ["sh", "verify.sh", *words, file.name]
        environment = self.place.environment | {"WEBHOOK_SECRET": Catcher.secret}
        verified = subprocess.run(command, cwd=self.place.directory, env=environment, capture_output=True)
        self.send_response(204 if verified.returncode == 0 else 401)
        self.end_headers()

    def log_message(self, *words):
        pass


@contextmanager
def receiver(place, port, secret):
    """The receiver of this language, running."""
    if place.language == "curl":
        Catcher.place, Catcher.secret = place, secret
        server = ThreadingHTTPServer(("127.0.0.1", port), Catcher)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
        return
    process = place.start("receiver", str(port), WEBHOOK_SECRET=secret)
    try:
        wait_for("the receiver listens", lambda: listens(port))
        yield
    finally:
        end(process)


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def sign(secret, event, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{event}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def forge(place, port, secret):
    """Sends what a receiver must refuse, then what it must take."""
    now, body = int(time.time()), '{"type":"ping"}'
    other = "whsec_" + base64.b64encode(b"another secret of some length 12").decode()
    cases = {
        "of another secret": (now, sign(other, "forged", now, body), body, 401),
        "tampered with": (now, sign(secret, "forged", now, body), '{"type":"pong"}', 401),
        "ten minutes old": (now - 600, sign(secret, "forged", now - 600, body), body, 401),
        "ten minutes ahead": (now + 600, sign(secret, "forged", now + 600, body), body, 401),
        "re-dated": (now, sign(secret, "forged", now - 600, body), body, 401),
        "signed by the next secret too": (
            now, f"{sign(other, 'genuine', now, body)} {sign(secret, 'genuine', now, body)}", body, 204),
    }
    for name, (timestamp, signature, text, expected) in cases.items():
        event = "genuine" if expected == 204 else "forged"
        headers = {"webhook-id": event, "webhook-timestamp": str(timestamp), "webhook-signature": signature}
        answer = httpx.post(f"http://127.0.0.1:{port}/", content=text, headers=headers)
        assert answer.status_code == expected, f"{place.language}, {name}: {answer.status_code}"
    for signature in ["", "y", "v1,%%%", "v2,abc"]:
        headers = {"webhook-id": "../forged", "webhook-timestamp": str(now), "webhook-signature": signature}
        answer = httpx.post(f"http://127.0.0.1:{port}/", content=body, headers=headers)
        assert answer.status_code == 401, f"{place.language}, {signature}: {answer.status_code}"
    assert httpx.post(f"http://127.0.0.1:{port}/", content=body).status_code == 401, "unsigned"
    assert "genuine" in place.inbox() and "forged" not in place.inbox()
    (place.directory / "inbox" / "genuine.json").unlink()


def webhook_journey(language):
    demo = Demo(f"webhook-{language}")
    place = Place(demo, f"webhook-programs-{language}", language)
    port = free_port()
    kinds = ["publication.published", "publication.corrected", "publication.withdrawn"]
    webhook, secret = place.run("subscribe", f"http://127.0.0.1:{port}/", *kinds).split()
    submission = demo.draft(940)
    demo.carry_through(submission)
    with receiver(place, port, secret):
        wait_for("the ping", lambda: [one for one in place.inbox().values() if one["type"] == "ping"])
        forge(place, port, secret)
        first = demo.publish()
        event = wait_for("the publication", lambda: named(place, "publication.published"))
        assert event["data"]["ward"] and event["data"]["period"] == "2026-H1", event
        told = demo.as_("city-portal", "GET", event["data"]["links"]["results"]).json()
        assert told["publication"]["hash"] == event["data"]["publication"]["hash"] == first["hash"]
    demo.correct(submission, 960)
    demo.withdraw(demo.publish())
    failed = wait_for("a failed attempt", lambda: [
        one for one in log_of(place, webhook) if one[1] == "publication.corrected" and one[3] != "0"])
    assert failed[0][2] == "pending", failed
    with receiver(place, port, secret):
        wait_for("what came while the receiver was away", lambda: named(place, "publication.withdrawn"), 90)
        assert named(place, "publication.corrected"), "in order"
        wait_for("the log", lambda: all(one[2] == "delivered" for one in log_of(place, webhook)))
        before = place.inbox()
        assert len(before) == 4, before
        delivery = next(one[0] for one in log_of(place, webhook) if one[1] == "publication.published")
        place.shell("deliveries", "again", delivery)
        wait_for("the same once more", lambda: len(attempts_of(demo, delivery)) == 2)
        assert place.inbox() == before, "the same event twice is one event"
    demo.stop()
    print(f"  webhook, in {language}: verified, forgeries refused, missed events came, one sent again counted once")


def named(place, kind):
    return next((one for one in place.inbox().values() if one["type"] == kind), None)


def log_of(place, webhook):
    return [line.split() for line in place.shell("deliveries", "list", webhook).splitlines()]


def attempts_of(demo, delivery):
    return demo.do("city-portal", "GET", f"/api/v1/webhook-deliveries/{delivery}")["log"]


def main():
    journeys = [("portal", portal_journey)]
    journeys += [(f"unit {name}", lambda name=name: unit_journey(name)) for name in LANGUAGES]
    journeys += [(f"webhook {name}", lambda name=name: webhook_journey(name)) for name in LANGUAGES]
    only = os.environ.get("CCHC_JOURNEYS", "")
    wanted = [journey for name, journey in journeys if name.startswith(only)]
    # Each has a demo of its own, so two may go on at once.
    with ThreadPoolExecutor(max_workers=2) as travellers:
        for arrived in [travellers.submit(journey) for journey in wanted]:
            arrived.result()
    print(f"Journeys of docs/integrators.md: {len(wanted)} passed, 0 failed")


main()
