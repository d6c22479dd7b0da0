"""The server: it answers with the command's rows, refuses what is not for it, and one request never costs another."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import jsonschema
import pytest
from served import ROOT, running

from classifier.web.forms import MOST_NOTES, PART_ROWS, UnreadableError, answer
from classifier.web.guard import HEADERS
from classifier.web.job import EXPLAIN_OPTIONS, FORMS, SCORE_OPTIONS, Job, QueryError, options_of
from classifier.web.pool import MOST_WAITING
from classifier.web.received import NAMES

EXAMPLES = ROOT / "data" / "examples"
WEB = ROOT / "classifier" / "web"
API = json.loads((WEB / "openapi.json").read_text())
VOTE = "The council voted on Tuesday night to close two of the three clinics that serve the upper valley. "
PAGE = f"<html><head><title>Clinics</title></head><body><article>{f'<p>{VOTE}</p>' * 6}</article></body></html>"
HOSTILE = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>"
slow = pytest.mark.slow


def jsonl(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def pages(n):
    """A table of pages of HTML, each of which takes some milliseconds to read."""
    return jsonl(*({"id": str(number), "text": PAGE} for number in range(n)))


@pytest.fixture(scope="module")
def server():
    with running("--max-mb", 3) as one:
        yield one


@pytest.fixture(scope="module")
def hasty():
    """A server with a process for each of two requests, and little time."""
    with running("--max-seconds", 5) as one:
        yield one


def check(schema, value):
    jsonschema.validate(value, {**API, "$ref": f"#/components/schemas/{schema}"}, jsonschema.Draft202012Validator)


def read_examples():
    return [(path.name, path.read_bytes()) for path in sorted(EXAMPLES.iterdir()) if path.name != "export.csv"]


def written(folder, *arguments):
    """Return what the command writes, called in a folder."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", "slantwise", *arguments], cwd=folder, env=env, capture_output=True, check=True
    ).stdout


# --- the rows of the command


@slow
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_files_give_the_command_s_bytes(server, form):
    files = read_examples()

    got = server.send(files, format=form, evidence=2)

    names = [name for name, _ in files]
    assert got.body == written(EXAMPLES, "score", *names, "--format", form, "--evidence", "2")
    assert got.headers["content-disposition"] == f'attachment; filename="scores.{form}"'


@slow
def test_a_long_table_is_scored_in_parts_that_do_not_change_its_rows(server, tmp_path):
    words = ("border", "vaccine", "treaty", "court", "election")
    rows = [{"text": f"{VOTE * 3}It spoke of a {words[n % 5]} and of {words[n % 3]}s."} for n in range(3 * PART_ROWS)]
    (tmp_path / "long.jsonl").write_bytes(jsonl(*rows))

    got = server.send([("long.jsonl", jsonl(*rows))], format="jsonl")

    assert got.body == written(tmp_path, "score", "long.jsonl")
    assert len(got.lines) == 3 * PART_ROWS


@slow
def test_options_are_those_of_the_command(server, tmp_path):
    german = "Der Rat hat am Dienstag gegen den Plan gestimmt und ihn vertagt"
    table = f"key,body,head\nx,{PAGE.replace(',', '')},Head\ny,{german},\n"
    (tmp_path / "a.csv").write_text(table)
    options = ["--text-column", "body", "--id-column", "key", "--title-column", "head", "--any-language", "--no-clean"]

    got = server.send(
        [("a.csv", table.encode())],
        format="jsonl",
        text_column="body",
        id_column="key",
        title_column="head",
        any_language="true",
        clean="false",
    )

    assert got.body == written(tmp_path, "score", "a.csv", *options)
    assert [row["id"] for row in got.lines] == ["x", "y"]


@slow
@pytest.mark.parametrize(
    ("value", "ids"),
    [
        pytest.param({"text": VOTE}, ["articles.jsonl:1"], id="one"),
        pytest.param([{"text": VOTE, "id": "a"}, {"text": VOTE, "id": "b"}], ["a", "b"], id="list"),
        pytest.param({"articles": [{"text": VOTE, "title": HOSTILE}]}, ["articles.jsonl:1"], id="batch"),
    ],
)
def test_json_is_answered_with_rows(server, value, ids):
    got = server.post(json.dumps(value).encode(), "application/json", evidence=1)

    assert [row["id"] for row in got.said["rows"]] == ids
    check("Scores", got.said)


@slow
@pytest.mark.parametrize("kind", [kind for kind in NAMES if kind != "application/json"])
def test_a_body_is_read_by_its_type(server, kind):
    body = {"csv": f"id,text\na,{VOTE}\n", "values": f"id\ttext\na\t{VOTE}\n", "plain": VOTE, "html": PAGE}
    own = next((text for end, text in body.items() if kind.endswith(end)), jsonl({"text": VOTE}).decode())

    got = server.post(own.encode(), f"{kind}; charset=utf-8", format="jsonl")

    assert [row["source"].partition(":")[0] for row in got.lines] == [NAMES[kind]]


@slow
def test_what_could_not_be_used_is_told_beside_the_rows(server):
    table = (
        jsonl({"text": VOTE}, {"body": "x"})
        + b"{\n"
        + jsonl({"text": "Der Rat hat gegen den Plan gestimmt und ihn vertagt"})
    )

    got = server.send([("a.jsonl", table), ("b.pdf", b"%PDF"), ("c.txt", "Café au lait".encode("cp1252"))])

    assert [row["source"] for row in got.said["rejects"]] == ["a.jsonl:2", "a.jsonl:3", "b.pdf"]
    assert got.said["foreign"] == 1
    assert list(got.said["recoded"]) == ["c.txt"]
    check("Scores", got.said)


@slow
def test_events_tell_rows_progress_and_the_end(server):
    got = server.send([("many.jsonl", pages(PART_ROWS + 1)), ("b.pdf", b"%PDF")], format="events")

    for event in got.lines:
        check("Event", event)
    assert [event["articles"] for event in got.lines if "share" in event] == [PART_ROWS, PART_ROWS + 1]
    assert got.lines[-1]["done"]["rejected"] == 1


@slow
def test_an_article_is_explained_by_its_place_with_the_same_scores(server):
    shared = (
        "Buy our book about the valley of the seven clinics now.\n\nThe Valley Ledger and its partners thank readers."
    )
    texts = [f"{VOTE * 3}\n\nSay {n}.\n\n{shared}\n\nTrending\n\n{VOTE * 2}" for n in range(5)]
    files = [
        ("a.jsonl", jsonl(*({"id": f"n{n}", "text": text} for n, text in enumerate(texts)))),
        ("b.txt", VOTE.encode()),
    ]
    events = [event for event in server.send(files, format="events").lines if "row" in event]
    event = events[3]
    batch, page, article = event["at"]

    got = server.send(files, "/explain", batch=batch, page=page, article=article)

    shown = got.body.decode()
    assert f'<p class="about">{event["row"]["id"]} (a.jsonl:4)' in shown
    likeliest = max(score["probability"] for score in event["row"]["topics"].values() if score["yes"])
    assert f"{likeliest:.2f}<small>" in shown
    assert "frame-ancestors 'self'" in got.headers["content-security-policy"]


@slow
def test_the_model_is_described(server):
    got = server.ask("GET", "/model").said

    check("Model", got)
    assert "border_enforcement" in [label["key"] for label in got["questions"][0]["labels"]]
    assert got["limits"]["max_bytes"] == 3_000_000


# --- what is refused


@slow
@pytest.mark.parametrize(
    ("send", "status", "said"),
    [
        pytest.param(
            lambda s: s.send([("a.pdf", b"x")]), 422, r"no readable article in a\.pdf \(1 rejected\)", id="unread"
        ),
        pytest.param(lambda s: s.post(b"[", "application/json"), 422, "the body is not JSON", id="no-json"),
        pytest.param(lambda s: s.post(b"[" * 100_000, "application/json"), 422, "is not JSON", id="deep-json"),
        pytest.param(lambda s: s.post(b"3", "application/json"), 422, "expected .*articles", id="number"),
        pytest.param(lambda s: s.post(b"", "application/json"), 422, "is not JSON", id="empty"),
        pytest.param(lambda s: s.post(b"x", "image/png"), 415, "found 'image/png'", id="type"),
        pytest.param(lambda s: s.ask("POST", "/score"), 415, "found 'no type'", id="no-type"),
        pytest.param(lambda s: s.send([]), 400, "holds no file", id="no-file"),
        pytest.param(lambda s: s.post(b"x", "multipart/form-data"), 400, "boundary", id="no-boundary"),
        pytest.param(
            lambda s: s.send([("a.txt", b"x")], fromat="csv"), 400, "unknown parameter 'fromat'", id="unknown"
        ),
        pytest.param(lambda s: s.send([("a.txt", b"x")], format="xml"), 400, "found 'xml'", id="format"),
        pytest.param(lambda s: s.send([("a.txt", b"x")], evidence=21), 400, "0 to 20; found '21'", id="evidence"),
        pytest.param(lambda s: s.send([("a.txt", b"x")], clean="no"), 400, "true or false", id="switch"),
        pytest.param(lambda s: s.send([("a.txt", b"x")], "/explain", batch=7), 422, "no readable", id="no-such-batch"),
        pytest.param(
            lambda s: s.send([("a.txt", b"x")], "/explain", article=7), 422, "no readable", id="no-such-article"
        ),
        pytest.param(lambda s: s.post(b"x" * 4_000_000, "text/plain"), 413, "more than 3,000,000 bytes", id="large"),
        pytest.param(lambda s: s.ask("GET", "/score"), 405, "Method", id="get"),
        pytest.param(lambda s: s.ask("GET", "/page.py"), 404, "Not Found", id="no-such-page"),
        pytest.param(lambda s: s.ask("GET", "/", None, {"host": "evil.example"}), 421, "'evil.example'", id="host"),
        pytest.param(lambda s: s.ask("GET", "/", None, {"host": ""}), 421, "''", id="no-host"),
        pytest.param(
            lambda s: s.ask("POST", "/score", b"", {"origin": "http://evil.example"}), 403, "evil", id="origin"
        ),
        pytest.param(lambda s: s.ask("POST", "/score", b"", {"origin": "null"}), 403, "null", id="null-origin"),
    ],
)
def test_a_refusal_says_what_is_wrong(server, send, status, said):
    got = send(server)

    assert got.status == status
    assert re.search(said, got.said["error"])
    check("Unreadable" if status == 422 else "Error", got.said)


@slow
def test_a_body_that_says_nothing_of_its_size_is_cut_off(server):
    connection = http.client.HTTPConnection(server.host, timeout=60)
    try:
        connection.request("POST", "/score", iter([b"x" * 1_000_000] * 4), {"content-type": "text/plain"})
        assert connection.getresponse().status == 413
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up before all was sent
    finally:
        connection.close()
    assert server.post(VOTE.encode(), "text/plain").status == 200


@slow
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_the_names_of_this_machine_are_answered(server, host):
    assert server.ask("GET", "/", None, {"host": f"{host}:{server.host.partition(':')[2]}"}).status == 200


@slow
@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("GET", "/model"), ("GET", "/nothing"), ("POST", "/score")])
def test_every_answer_has_the_security_headers(server, method, path):
    got = server.ask(method, path)

    assert {name: got.headers[name] for name in HEADERS} == HEADERS
    assert "access-control-allow-origin" not in got.headers
    assert "unsafe" not in got.headers["content-security-policy"]


@slow
def test_names_of_files_lead_nowhere(server):
    names = [
        "../../up.txt",
        "/etc/passwd.txt",
        "C:\\b.txt",
        "-",
        ".txt",
        "a\x07.txt",
        "up.txt",
        "[a]*.txt",
        "n" * 999 + ".txt",
    ]

    got = server.send([(name, VOTE.encode()) for name in names], format="json")

    sources = [row["source"] for row in got.said["rows"]]
    assert sources[:3] == ["up.txt", "passwd.txt", "b.txt"]
    assert sources[3:6] == ["a.txt", "up (2).txt", "[a]*.txt"]
    assert [note["source"] for note in got.said["rejects"]] == ["unnamed", ".txt"]


@slow
def test_markup_in_articles_stays_text(server):
    row = {"id": HOSTILE, "title": HOSTILE, "text": f"{HOSTILE} {VOTE}\n\n{HOSTILE}"}

    got = server.post(jsonl(row), "application/x-ndjson", "/explain").body.decode()

    assert "<img" not in got
    assert got.count("<script") == 1
    assert got.count("&lt;img src=x onerror=alert(1)&gt;") >= 4


# --- one request never costs another


@slow
def test_an_overlong_request_is_ended_and_does_not_hold_up_others(hasty):
    ended = []

    def ask(name, body):
        ended.append((name, hasty.post(body, "application/x-ndjson", format="events").lines[-1]))

    overlong = threading.Thread(target=ask, args=("overlong", pages(20_000)))
    overlong.start()
    for number in range(3):
        ask(f"short {number}", pages(1))
    overlong.join()

    assert [name for name, _ in ended] == ["short 0", "short 1", "short 2", "overlong"]
    assert "not done within 5 seconds" in ended[-1][1]["error"]
    assert hasty.post(pages(1), "application/x-ndjson").status == 200


@slow
def test_a_document_that_cannot_be_ended_is_seen_to_be_broken_off(hasty):
    articles = jsonl(*({"id": str(number), "text": VOTE * 3} for number in range(20_000)))

    with pytest.raises(http.client.IncompleteRead):
        hasty.post(articles, "application/x-ndjson", evidence=20)


@slow
def test_when_too_many_wait_the_next_is_sent_away():
    with running("--jobs", 1, "--max-seconds", 5) as server:
        connection, response = opened(server, pages(20_000))
        got = []

        def ask():
            got.append(server.post(VOTE.encode(), "text/plain"))

        threads = [threading.Thread(target=ask) for _ in range(MOST_WAITING + 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        response.read()
        connection.close()
    busy = [one for one in got if one.status == 503]
    assert busy
    assert {one.headers["retry-after"] for one in busy} == {"10"}
    check("Error", busy[0].said)


@slow
def test_a_body_that_never_comes_is_given_up(hasty):
    host, _, port = hasty.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        head = f"POST /score HTTP/1.1\r\nHost: {hasty.host}\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\n"
        connection.sendall(f"{head}x".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 408 ")


def children(server):
    return Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()


def until(true):
    """Wait until something holds, as other processes have their own time."""
    while not true():
        time.sleep(0.05)


needs_proc = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="children of a process are read from /proc"
)


def opened(server, body, **headers):
    """Return a connection on which an answer has begun."""
    connection = http.client.HTTPConnection(server.host, timeout=60)
    connection.request("POST", "/score?format=events", body, {"content-type": "application/x-ndjson", **headers})
    return connection, connection.getresponse()


@slow
@needs_proc
def test_a_process_that_dies_costs_one_request():
    with running("--jobs", 1) as server:
        (before,) = children(server)
        connection, response = opened(server, pages(5_000))

        os.kill(int(before), signal.SIGKILL)

        last = response.read().splitlines()[-1]
        connection.close()
        assert "ended" in json.loads(last)["error"]
        assert server.post(VOTE.encode(), "text/plain").status == 200


@slow
@needs_proc
def test_work_that_nobody_waits_for_is_left():
    with running("--jobs", 1) as server:
        before = children(server)
        connection, response = opened(server, pages(20_000))

        response.close()
        connection.close()

        until(lambda: children(server) != before)
        assert server.post(VOTE.encode(), "text/plain").status == 200


@slow
@needs_proc
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_answered_is_answered_before_the_end(how):
    with running() as server:
        workers = children(server)
        connection, response = opened(server, pages(PART_ROWS + 50))

        server.process.send_signal(how)

        assert "done" in json.loads(response.read().splitlines()[-1])
        connection.close()
        server.process.wait(60)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


@slow
def test_nothing_is_left_of_the_articles(tmp_path):
    with running("--jobs", 1, TMPDIR=str(tmp_path)) as server:
        server.send([("a.txt", VOTE.encode()), ("large.txt", VOTE.encode() * 20_000)])
        server.send([("a.pdf", b"x")])

        until(lambda: not list(tmp_path.iterdir()))


# --- starting


@slow
def test_a_port_that_is_taken_and_a_model_that_is_none_are_said(server, tmp_path, capfd, monkeypatch):
    (tmp_path / "no.slantwise").write_text("no model")

    for arguments in (
        ["--port", server.host.partition(":")[2]],
        ["--port", "0", "--model", str(tmp_path / "no.slantwise")],
    ):
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            [sys.executable, "-m", "slantwise", "serve", *arguments],
            env=env,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert ended.returncode == 1
        assert re.fullmatch(r"error: (cannot listen on 127\.0\.0\.1:\d+: .*|.*no\.slantwise: .*)\n", ended.stderr)


# --- without a server


def test_without_its_extra_the_command_says_how_to_get_it(command, monkeypatch):
    for name in [
        name for name in sys.modules if name.partition(".")[0] == "starlette" or name.startswith("classifier.web")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)

    status, said, _ = command("serve", "--port", "0")

    assert status == 1
    assert "pip install 'slantwise[web]'" in said


def test_the_api_file_has_the_parameters_and_forms_that_there_are():
    def names(path):
        given = API["paths"][path]["post"]["parameters"]
        return {one["name"] if "name" in one else one["$ref"].rpartition("/")[2] for one in given}

    assert names("/score") == set(SCORE_OPTIONS)
    assert names("/explain") == set(EXPLAIN_OPTIONS)
    assert API["paths"]["/score"]["post"]["parameters"][0]["schema"]["enum"] == list(FORMS)
    assert set(API["components"]["requestBodies"]["Articles"]["content"]) == {*NAMES, "multipart/form-data"}


@pytest.mark.parametrize("name", ["page.html", "page.js"])
def test_the_page_needs_nothing_but_its_own_files_and_makes_no_markup_of_text(name):
    text = (WEB / name).read_text()

    assert not re.search(
        r"https?://|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|\bstyle=|<style| on\w+=", text
    )
    assert not re.search(r"<script(?! src=)", text)


def test_an_option_stands_for_itself_in_a_job():
    query = {"format": "csv", "evidence": "2", "clean": "false", "text_column": "body", "id_column": ""}

    assert options_of(query, SCORE_OPTIONS) == {
        "form": "csv",
        "evidence": 2,
        "clean": False,
        "text_column": "body",
        "id_column": None,
    }
    with pytest.raises(QueryError, match="unknown parameter 'batch'"):
        options_of({"batch": "1"}, SCORE_OPTIONS)


def test_a_job_stands_on_one_line():
    job = Job(folder="/tmp/x", names=("a\nb.txt",), form="csv")

    assert Job.from_line(job.to_line()) == job
    assert job.to_line().count(b"\n") == 1


def test_of_many_rejects_the_first_are_listed_and_all_counted(tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text("{\n" * (MOST_NOTES + 9))

    with pytest.raises(UnreadableError, match=rf"\({MOST_NOTES + 9} rejected\)") as error:
        answer(tiny_model, Job(names=("a.jsonl",)), print)

    said = error.value.notes.to_row()
    assert said["rejected"] == MOST_NOTES + 9
    assert len(said["rejects"]) == MOST_NOTES


def test_a_codebook_of_one_s_own_is_served_with_its_own_questions(tiny_model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("Quay.")

    sent = []
    answer(tiny_model, Job(names=("a.txt",)), sent.append)

    (row,) = json.loads(b"".join(sent))["rows"]

    assert row["topics"]["harbour"]["yes"]
    check("Row", row)
