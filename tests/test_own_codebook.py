"""A codebook with heads and labels that no line of code knows: from coded articles to scores, a report and reasons."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from fruit_files import write_jsonl
from made_up import articles, dealt

Command = Callable[..., tuple[int, str, str]]

N = 90
CODEBOOK = """
name = "harbour"
version = "3"
[[head]]
key = "cargo"
field = "cargoes"
kind = "many-of"
label = [{ key = "grain" }, { key = "coal" }]
[[head]]
key = "mood"
kind = "one-of"
label = [{ key = "calm" }, { key = "storm" }, { key = "fog" }]
[[head]]
key = "side"
field = "sides"
kind = "one-of-per-label"
of = "cargo"
beside = ["mood"]
label = [{ key = "dockers" }, { key = "owners" }]
target = [{ label = "grain", target = "who should weigh grain" }]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("harbour")
    moods, sides = dealt(["calm", "storm", "fog"], N, seed=1), dealt(["dockers", "owners"], N, seed=2)
    cargoes = dealt(["grain", "coal"], N, seed=3)
    texts = articles(list(zip(cargoes, moods, sides, strict=True)), seed=4)
    rows = [
        {"id": f"a{n}", "cargoes": [cargo], "mood": mood, "sides": {"grain": side} if cargo == "grain" else {}}
        for n, (cargo, mood, side) in enumerate(zip(cargoes, moods, sides, strict=True))
    ]
    (folder / "harbour.toml").write_text(CODEBOOK)
    return {
        "--codebook": folder / "harbour.toml",
        "--labels": write_jsonl(folder / "coded.jsonl", rows),
        "--articles": write_jsonl(folder / "articles.jsonl", texts.to_dicts()),
        "--out": folder / "harbour.slantwise",
    }


@pytest.mark.slow
def test_heads_of_all_kinds_go_through_train_score_evaluate_and_explain(command: Command, files, tmp_path):
    coded = [part for key in ("--labels", "--articles") for part in (key, str(files[key]))]
    options = [part for option, path in files.items() for part in (option, str(path))]
    model, page = str(files["--out"]), tmp_path / "why.html"

    assert command("train", *options, "--folds", "2", "--jobs", "1")[0] == 0
    status, _, scored = command("score", str(files["--articles"]), "--model", model, "--any-language")
    assert status == 0
    judged, _, report = command("evaluate", "--model", model, *coded)
    assert judged == 0
    explained, _, _ = command(
        "explain", str(files["--articles"]), "--model", model, "--any-language", "--html", str(page)
    )
    assert explained == 0

    rows = {row["id"]: row for row in map(json.loads, scored.splitlines())}
    for coding in map(json.loads, files["--labels"].read_text().splitlines()):
        row = rows[coding["id"]]
        assert [key for key, said in row["cargoes"].items() if said["yes"]] == coding["cargoes"]
        assert row["mood"][coding["mood"]]["yes"]
        assert set(row["sides"]) == set(coding["sides"])
    assert all(name in report for name in ("cargo", "mood", "side.grain"))
    assert "who should weigh grain" in page.read_text()
