#!/usr/bin/env python3
"""Talks with a bidi-sse server from a terminal; Python 3 and its standard library, written from docs/protocol.md.
Each TEXT, then each line of the standard input, is sent, and the words of the answer are printed as they come. --once: one TEXT, no input.
BIDI_SSE_TOKEN in the environment: the token of a server that asks for one."""
import argparse, http.client, json, os, queue, random, sys, threading, time, urllib.error, urllib.parse, urllib.request


def note(text):
    print(f"[{text}]", file=sys.stderr, flush=True)


class Client:
    def __init__(self, url, user, session):
        self.url = urllib.parse.urlsplit(url.rstrip("/"))
        self.ids = f"{user}/{session}"
        self.name = "py-%016x" % random.getrandbits(64)
        self.last_id = None  # of the last whole block
        self.retry, self.heartbeat = 1.0, 10.0  # seconds; the server says
        self.headers = {"Authorization": f"Bearer {token}"} if (token := os.environ.get("BIDI_SSE_TOKEN")) else {}
        self.epoch, self.next = None, 1  # in which we number our POSTs, and the number of the next
        self.opened = threading.Event()
        self.news = queue.Queue()  # what became of an answer: "complete", "over", "too_old", or the epoch that began
        for loop in (self.read, self.acknowledge):
            threading.Thread(target=loop, daemon=True).start()

    def read(self):
        failures = 0
        while True:
            before = self.last_id
            try:
                if self.read_stream():
                    self.opened.set()
                    return self.news.put("over")
            except (OSError, http.client.HTTPException, ValueError) as error:
                note(f"the stream was cut: {error!r}")
            failures = 0 if self.last_id != before else failures + 1
            time.sleep(min(15, self.retry * 2 ** min(failures, 5)) * random.uniform(0.5, 1))

    def read_stream(self):
        """Reads one connection to its end. True: there is nothing to come back for."""
        kind = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = kind(self.url.netloc, timeout=2.5 * self.heartbeat)  # not even a heartbeat: it is dead
        try:
            headers = self.headers | ({"Last-Event-ID": self.last_id} if self.last_id else {})
            connection.request("GET", f"{self.url.path}/events/{self.ids}?audio=none&client={self.name}", headers=headers)
            response = connection.getresponse()
            if response.status != 200:
                note(f"the stream was refused: {response.status} {response.read().decode(errors='replace')}")
                return response.status in (204, 400, 401, 403)
            block = {}
            for raw in iter(response.readline, b""):
                if not raw.endswith(b"\n"):
                    break  # cut off: a block counts only with its blank line
                field, _, value = raw.decode().rstrip("\n").partition(":")
                if field:
                    block[field] = value.removeprefix(" ")
                elif raw == b"\n" and block:
                    self.retry = int(block.get("retry", self.retry * 1000)) / 1000
                    over = "data" in block and self.handle(block.get("event"), json.loads(block["data"]))
                    self.last_id = block.get("id", self.last_id)
                    block = {}
                    if over:
                        return True
        finally:
            connection.close()

    def handle(self, event, data):
        if event is None and data.get("mime_type") == "text/plain":
            print(data["data"], end="", flush=True)
        elif event is None and "turn_complete" in data:
            print("\n" if data["turn_complete"] else " –", end="", flush=True)  # –: interrupted
            if data["turn_complete"]:
                self.news.put("complete")
        elif event == "session":
            self.heartbeat, self.stream_epoch = data["limits"]["heartbeat_ms"] / 1000, data["epoch"]
            if not self.opened.is_set():
                self.epoch, self.next = data["epoch"], data["next"]
                self.opened.set()
        elif event == "reset":
            note(f"our place in the conversation is lost: {data['reason']}")
            self.news.put("too_old" if data["reason"] == "too_old" else self.stream_epoch)
        elif event == "failure":
            note(f"{data['error']} ({data.get('hint', data['code'])})")
        return event in ("end", "superseded")

    def post(self, envelope):
        """The status and the JSON of the answer; 0 for one that never came."""
        body, headers = json.dumps({"client": self.name, **envelope}).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url.geturl()}/send/{self.ids}", body, headers | self.headers)
        try:
            with urllib.request.urlopen(request, timeout=15) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            content = error.read()
            return error.code, json.loads(content) if content.startswith(b"{") else {}  # a proxy's own
        except (OSError, http.client.HTTPException, ValueError):
            return 0, {}

    def send(self, items, wait=0.5):
        """Sends until it is answered, and says whether it was taken: under the same number for as long as it may have been heard."""
        self.opened.wait()
        while True:
            seen = self.last_id or ""
            ack = seen if seen.startswith(f"{self.epoch}.") else f"{self.epoch}.0"
            status, answer = self.post({"cseq": self.next, "ack": ack, "items": items})
            if status == 200:
                for missing in range(answer["next"], self.next):  # held: the server has forgotten us, and counts anew
                    self.post({"cseq": missing, "ack": ack, "items": []})
                self.next += 1
                return True
            if answer.get("code") in ("epoch_changed", "outside_window"):
                self.epoch, self.next = answer.get("epoch", self.epoch), answer["next"]
            elif answer.get("retry", status == 0 or status >= 500):
                time.sleep(wait * random.uniform(0.5, 1))
                wait = min(15, wait * 2)
            else:
                self.next += 1
                return note(answer.get("error", status))

    def acknowledge(self):
        told, told_at = None, 0
        while not time.sleep(1):  # with each heartbeat too: the server takes a client that it does not hear for gone
            if self.last_id != told or (told and time.monotonic() - told_at > self.heartbeat):
                told, told_at = self.last_id, time.monotonic()
                self.post({"ack": told})

    def ask(self, text, patient=True):
        """Sends a line; `patient` waits for its answer, and asks again if that was lost with its epoch."""
        while self.send([{"mime_type": "text/plain", "data": text}]):
            news = None
            while patient and news in (None, self.epoch):
                news = self.news.get()
            if news in (None, "complete", "over", "too_old"):
                return news in (None, "complete")


options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--url", default="http://localhost:8000")
options.add_argument("--user", default="me")
options.add_argument("--session", default="%016x" % random.getrandbits(64), help="default: a new one")
options.add_argument("--once", metavar="TEXT")
options.add_argument("texts", metavar="TEXT", nargs="*")
args = options.parse_args()
client = Client(args.url, args.user, args.session)
answered = [client.ask(text) for text in ([args.once] if args.once is not None else args.texts)]
for line in sys.stdin if args.once is None else ():
    if line.strip():
        answered.append(client.ask(line.strip(), patient=not sys.stdin.isatty()))
sys.exit(0 if all(answered) else 1)
