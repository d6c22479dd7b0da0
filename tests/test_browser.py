"""The server's page in a real browser: paste, drop, filter, open, download; hostile articles; axe on each state."""

import json
import re
import shutil

import pytest
from served import running

playwright = pytest.importorskip("playwright.sync_api", reason="no playwright (pip install --group dev)")
axe = pytest.importorskip("axe_playwright_python.base", reason="no axe (pip install --group dev)")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium or google-chrome on the path"),
]
BORDER = (
    "The House voted to build more of the border wall, as agents detained migrants who crossed the border illegally. "
)
VACCINE = "The vaccine was given to children in clinics, as doctors said that vaccination against the disease is safe. "
HOSTILE = '<img src="http://evil.example/x.png" onerror="document.title=1">"\'><script>document.title=2</script>'
LONG = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz" * 4
PAGE = f"<html><head><title>Wall</title></head><body><article>{f'<p>{BORDER}</p>' * 6}</article></body></html>"


def jsonl(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


MIXED = jsonl(
    {"id": "b", "title": "On the wall", "text": BORDER * 5},
    {"id": "v", "title": "On the shot", "text": VACCINE * 5},
    {"id": "both", "text": f"{BORDER * 5}\n\n{VACCINE * 5}"},
    {"id": "none"},
)


@pytest.fixture(scope="module")
def server():
    with running("--max-mb", 5) as one:
        yield one


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def visit(browser, server):
    """Return a function that opens the page in a window of its own; whatever goes wrong there fails the test."""
    windows, wrong = [], []

    def open_page(width=1200, scheme="light"):
        window = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        windows.append(window)
        page = window.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if "status of 422" not in message.text else None)
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request", lambda one: None if one.url.startswith((server.url, "blob:", "data:")) else wrong.append(one.url)
        )
        page.goto(server.url)
        page.wait_for_selector("#meanings h3", state="attached")
        return page

    yield open_page
    for window in windows:
        window.close()
    assert wrong == []


def drop(page, *files):
    """Drop files on the page, as from a folder."""
    held = page.evaluate_handle(
        """(files) => {
            const held = new DataTransfer();
            for (const [name, text] of files) held.items.add(new File([text], name));
            return held;
        }""",
        files,
    )
    for event in ("dragover", "drop"):
        page.dispatch_event("#drop", event, {"dataTransfer": held})


def score(page):
    page.click("#score")
    page.wait_for_selector("#results:not([hidden])")


def headings(page):
    return page.locator("tbody th button").all_inner_texts()


def test_a_pasted_article_gets_a_row_with_its_labels(visit):
    page = visit()

    page.fill("#text", f"A wall on the border\n\n{BORDER * 5}")
    page.press("#text", "Control+Enter")
    page.wait_for_selector("#results:not([hidden])")

    assert headings(page) == ["A wall on the border"]
    assert re.search(r"border enforcement 0\.\d\d|border enforcement 1\.00", page.inner_text("tbody"))
    assert page.inner_text("#found") == "1 article"


def test_files_are_dropped_left_out_and_scored_together(visit):
    page = visit()

    drop(
        page,
        ("a.jsonl", MIXED),
        ("b.html", PAGE),
        ("c.txt", VACCINE),
        ("d.csv", f"id,text\nx,{VACCINE}\n".replace(", ", " ")),
    )
    page.click("text=c.txt")
    score(page)

    assert headings(page)[:2] == ["On the wall", "On the shot"]
    assert page.locator("tbody tr").count() == 5
    assert page.inner_text("#notes summary") == "1 row could not be used"
    page.click("#notes summary")
    assert page.inner_text("#notes li").startswith("a.jsonl:4: missing 'text'")


def test_labels_filter_the_table_and_each_other(visit):
    page = visit()
    drop(page, ("a.jsonl", MIXED))
    score(page)

    choose = page.locator("#filter")
    choose.select_option(json.dumps({"question": 0, "label": "vaccines"}, separators=(",", ":")))
    assert page.inner_text("#found") == "2 of 3 articles"
    assert "border enforcement (1)" in choose.inner_text()
    choose.select_option(json.dumps({"question": 0, "label": "border_enforcement"}, separators=(",", ":")))
    assert page.inner_text("#found") == "1 of 3 articles"

    page.locator("#filters button").first.click()
    page.locator("#filters button").first.click()
    assert page.inner_text("#found") == "3 articles"


def test_an_article_opens_with_its_evidence_and_closes_again(visit):
    page = visit()
    drop(page, ("a.jsonl", MIXED))
    score(page)
    row = page.locator("tbody tr").nth(1)
    said = row.locator("td").first.locator("b").first.inner_text()

    row.locator("button").press("Enter")
    frame = page.frame_locator("#why iframe")
    frame.locator("h1").wait_for()

    assert frame.locator("h1").inner_text().startswith("On the shot")
    assert frame.locator("button .p").first.inner_text().startswith(said)
    frame.locator("button[data-label]").first.click()
    frame.locator(".s.lit").first.wait_for()
    page.click("#close")
    page.locator("iframe").wait_for(state="detached")  # once the browser has told the dialog that it is closed
    assert page.evaluate("document.activeElement.textContent") == "On the shot"


@pytest.mark.parametrize(("button", "form"), [("CSV", "csv"), ("JSON Lines", "jsonl")])
def test_a_download_has_the_bytes_of_the_command(visit, server, tmp_path, button, form):
    page = visit()
    drop(page, ("a.jsonl", MIXED))
    score(page)

    with page.expect_download() as got:
        page.get_by_role("button", name=button, exact=True).click()
    got.value.save_as(tmp_path / "got")

    assert got.value.suggested_filename == f"scores.{form}"
    assert (tmp_path / "got").read_bytes() == server.send([("a.jsonl", MIXED.encode())], format=form).body


def test_a_long_file_shows_how_far_it_is_and_can_be_stopped(visit):
    page = visit()
    drop(page, ("many.jsonl", jsonl(*({"text": PAGE} for _ in range(3_000)))))

    page.click("#score")
    playwright.expect(page.locator("#done")).to_have_text(re.compile(r"\d articles? read"))
    assert page.is_visible("progress")
    page.click("#stop")

    playwright.expect(page.locator("#said")).to_have_text("Stopped.")
    assert page.is_hidden("progress")
    assert page.is_enabled("#score")


def test_what_cannot_be_scored_is_said(visit):
    page = visit()

    page.click("#score")
    assert "nothing to score" in page.inner_text("#error")
    drop(page, ("a.pdf", "%PDF"))
    page.click("#score")
    playwright.expect(page.locator("#error")).to_contain_text("no readable article in a.pdf")
    drop(page, ("large.txt", "x" * 6_000_000))
    page.click("#score")
    assert "the server takes 5,000,000" in page.inner_text("#error")


def test_hostile_articles_are_text_and_nothing_else(visit):
    page = visit(390)
    row = {"id": HOSTILE, "title": HOSTILE + LONG, "text": f"{HOSTILE} {BORDER * 5} {LONG}"}
    drop(
        page,
        (f"{HOSTILE}.jsonl", jsonl(row, {"id": HOSTILE})),
        (f"{HOSTILE}.pdf", "x"),
        (f"{LONG}.txt", HOSTILE + BORDER),
    )
    score(page)
    page.click("#notes summary")

    assert headings(page)[0].startswith(HOSTILE)
    assert page.locator("img, main script").count() == 0
    assert page.title() == "slantwise"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("tbody button").first.click()
    frame = page.frame_locator("#why iframe")
    assert frame.locator("h1").inner_text().startswith(HOSTILE)
    assert frame.locator("img").count() == 0
    assert frame.locator("html").evaluate("(page) => page.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_axe_finds_nothing_serious(visit, width, scheme):
    page = visit(width, scheme)
    page.click("text=Options")
    assert serious(page.main_frame) == []

    drop(
        page,
        ("a.jsonl", MIXED),
        ("b.txt", "El consejo votó el martes por la noche para cerrar dos de las tres clínicas"),
    )
    score(page)
    page.locator("#filter").select_option(index=1)
    page.click("text=What the labels mean")
    page.click("#notes summary")
    assert serious(page.main_frame) == []

    page.locator("tbody button").first.click()
    page.frame_locator("#why iframe").locator("h1").wait_for()
    assert serious(page.main_frame) == []
    assert serious(page.frame(name="explanation")) == []


def test_axe_would_find_something(visit):
    page = visit()

    page.evaluate("document.querySelector('label[for=text]').remove()")

    assert [name for name, _ in serious(page.main_frame)] == ["label"]


def serious(frame):
    """Return what axe finds serious or critical in a frame, with where it is."""
    frame.evaluate(axe.AXE_FILE_PATH.read_text())
    found = frame.evaluate("axe.run({resultTypes: ['violations'], iframes: false})")["violations"]
    return [
        (one["id"], [node["html"] for node in one["nodes"]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
