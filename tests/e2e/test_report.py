"""`archsim report`: every figure on the page is the ledger's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from archsim.report.quantities import engineering, joules, percent, significant, square_metres
from archsim.simulation import Result, Settings, simulate
from tests.e2e.cli_calls import fail, light_model, succeed, succeed_json
from tests.unit.report.pages import Element, read, table_rows

ARGUMENTS = ("resnet18", "--batch", "4", "--replicate", "conv1=4")
LARGEST_BYTES = 5_000_000


@pytest.fixture(scope="module")
def page_text(tmp_path_factory: pytest.TempPathFactory) -> str:
    file = tmp_path_factory.mktemp("report") / "report.html"
    assert "resnet18 on pcm-mesh-14nm, 4 samples" in succeed("report", *ARGUMENTS, "--out", file)
    return file.read_text()


@pytest.fixture(scope="module")
def page(page_text: str) -> Element:
    return read(page_text)


@pytest.fixture(scope="module")
def result() -> Result:
    return simulate("resnet18", "pcm-mesh-14nm", Settings(batch=4, replicate={"conv1": 4}))


def in_section(page: Element, name: str) -> Element:
    return next(section for section in page.all("section") if section.attributes["id"] == name)


def test_the_page_is_whole_and_small(page_text: str) -> None:
    assert page_text.startswith("<!doctype html>")
    assert len(page_text.encode()) < LARGEST_BYTES
    assert not re.search(r"https?:", page_text)


def test_sections_are_in_the_navigation(page: Element) -> None:
    links = [link.attributes["href"] for link in page.all("nav")[0].all("a")]
    assert links == [f"#{section.attributes['id']}" for section in page.all("section")]
    assert len(links) == 11


def test_cards_are_the_headline(page: Element, result: Result) -> None:
    headline = result.ledger.headline
    cards = {card.all("dt")[0].text: card.all("strong")[0].text for card in page.all("div", "card")}
    assert cards["Throughput"] == f"{significant(headline.throughput_per_s)} samples/s"
    assert cards["Latency"] == engineering(headline.latency_s, "s")
    assert cards["Efficiency"] == f"{significant(headline.gops_per_w)} GOP/s/W"
    assert cards["Density"] == f"{significant(headline.tops_per_mm2)} TOP/s/mm²"
    assert cards["Energy"] == f"{joules(headline.energy_per_sample_j)}/sample"
    assert cards["Power"] == engineering(headline.power_w, "W")
    assert cards["Silicon"] == square_metres(headline.area_m2)
    of = next(card for card in page.all("div", "card") if card.all("dt")[0].text == "Efficiency").all("span", "of")
    assert of[0].text.startswith(percent(headline.gops_per_w / headline.peak_gops_per_w))


def leaves(tree: Element) -> list[tuple[str, float, str]]:
    top = tree.all("ul", "limbs")[0]
    items = [item for item in top.children if item.tag == "li"]
    return [(str(i.attributes["data-name"]), float(i.attributes["data-value"] or ""), str(i.attributes["data-text"]))
            for i in items]  # fmt: skip


def test_trees_add_up_to_the_ledger(page: Element, result: Result) -> None:
    energy, area = in_section(page, "energy-and-area").all("figure", "tree")
    by_component = result.ledger.energy.groupby("component")["energy_j"].sum()
    shown = leaves(energy)
    assert {name: value for name, value, _ in shown} == pytest.approx(by_component[by_component > 0].to_dict())
    assert all(text == joules(value) for _, value, text in shown)
    assert (
        energy.all("figcaption")[0].text == f"Energy of the whole run: {joules(result.ledger.energy['energy_j'].sum())}"
    )
    areas = result.ledger.area.set_index("component")["area_m2"]
    assert {name: value for name, value, _ in leaves(area)} == pytest.approx(areas[areas > 0].to_dict())


def test_each_branch_is_the_sum_of_its_leaves(page: Element) -> None:
    branches = 0
    for tree in page.all("figure", "tree"):
        for item in tree.all("li"):
            inner = [li for ul in item.all("ul")[:1] for li in ul.children if li.tag == "li"]
            if inner:
                total = sum(float(one.attributes["data-value"] or "") for one in inner)
                assert total == pytest.approx(float(item.attributes["data-value"] or ""))
                branches += 1
    assert branches > len(page.all("figure", "tree"))


def test_every_layer_is_in_the_table(page: Element, result: Result) -> None:
    rows = table_rows(in_section(page, "layers").all("table")[0])
    layers = result.ledger.layers
    assert [row[0] for row in rows] == layers["layer"].tolist()
    assert [row[-2] for row in rows] == [joules(energy) for energy in layers["energy_j"].fillna(0.0)]


def test_the_critical_path_adds_up_to_the_latency(page: Element, result: Result) -> None:
    table = in_section(page, "latency").all("table")[0]
    heading = [cell.text for cell in table.all("thead")[0].all("th")]
    place = heading.index("all") + 1
    cells = [[cell.attributes.get("data-v") for cell in row.all("td")] for row in table.all("tbody")[0].all("tr")]
    *parts, whole = [float(row[place] or "") for row in cells]
    assert sum(parts) == whole
    assert whole in result.trace.latency.tolist()
    # And each row is the sum of what it is made of.
    for row in cells:
        assert sum(float(cell or "") for cell in row[2:place]) == float(row[place] or "")


def test_what_would_help_was_run(page: Element) -> None:
    rows = {row[0]: row for row in table_rows(in_section(page, "what-bounds-it").all("table")[0])}
    wide = succeed_json(
        "run", *ARGUMENTS, "--json", "--set", "fabric.link_width=64 B", "--set", "system.link.bandwidth=64 GB/s"
    )["headline"]
    assert rows["links twice as wide"][1] == f"{significant(wide['throughput_per_s'])}/s"
    assert rows["links twice as wide"][3] == engineering(wide["latency_s"], "s")
    slowest = next(name for name in rows if name.startswith("a copy more of ")).removeprefix("a copy more of ")
    copies = "conv1=5" if slowest == "conv1" else f"conv1=4,{slowest}=2"
    more = succeed_json("run", "resnet18", "--batch", "4", "--replicate", copies, "--json")["headline"]
    assert rows[f"a copy more of {slowest}"][5] == significant(more["gops_per_w"])


def test_every_number_of_the_chip_has_its_source(page: Element) -> None:
    rows = table_rows(in_section(page, "assumptions").all("table")[-1])
    fields = {row[0]: row for row in rows}
    assert fields["tile.input.phase_time"][1] == "128 ns"
    assert "HERMES" in fields["tile.input.phase_time"][-1]
    assert fields["technology.temperature"][3] == "assumed"


def test_what_made_it_is_told(page: Element) -> None:
    text = in_section(page, "provenance").text
    assert "archsim" in text
    assert "numpy" in text
    assert len(re.findall(r"sha256 [0-9a-f]{64}", text)) == 1


def test_an_onnx_file_is_told_by_its_hash(tmp_path: Path) -> None:
    succeed("report", "digits-cnn", "--no-what-if", "--out", tmp_path / "r.html")
    assert len(re.findall(r"sha256 [0-9a-f]{64}", (tmp_path / "r.html").read_text())) == 2


def test_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    pages = []
    for _ in range(2):
        succeed("report", "mlp-hermes", "--out", tmp_path / "r.html")
        pages.append((tmp_path / "r.html").read_bytes())
    assert pages[0] == pages[1]


def test_several_chips_are_drawn_as_tabs(tmp_path: Path) -> None:
    succeed(
        "report", "rnnt", "--seq", "4", "--chip", "ibm-14nm-34tile-x5", "--no-what-if", "--out", tmp_path / "r.html"
    )
    plan = in_section(read((tmp_path / "r.html").read_text()), "floorplan")
    tabs = [tab.text for tab in plan.all("button") if tab.attributes.get("role") == "tab"]
    assert len(tabs) == 4
    assert all(re.fullmatch(r"Chip \d", tab) for tab in tabs)
    assert len(table_rows(plan.all("table")[0])) == 5


def test_the_report_has_the_other_forms_too() -> None:
    data = json.loads(succeed("report", "mlp-hermes", "--no-what-if", "--json"))
    assert {"headline", "ladder", "critical_path", "what_if", "sensitivity"} <= data.keys()
    total = sum(row["total_ps"] for row in data["critical_path"])
    assert total == pytest.approx(data["headline"]["latency_s"] * 1e12)
    assert succeed("report", "mlp-hermes", "--no-what-if", "--markdown").startswith("# mlp-hermes on pcm-mesh-14nm")
    assert "The critical path of sample 1" in succeed("report", "mlp-hermes", "--no-what-if")


def test_accuracy_over_time_is_that_of_the_same_placement(tmp_path: Path) -> None:
    options = ("digits-lstm", "--at", "1 s,1 day", "--seeds", "2", "--compensation", "global")
    succeed("report", *options, "--no-what-if", "--out", tmp_path / "r.html")
    known = succeed_json("accuracy", *options, "--json")
    shown = in_section(read((tmp_path / "r.html").read_text()), "accuracy")
    rows = table_rows(shown.all("table")[0])
    assert [row[0] for row in rows] == ["1 s", "1 day"]
    assert [row[1] for row in rows] == [significant(score["mean"]) for score in known["scores"]]
    drawn = str(shown.all("svg")[0].attributes["aria-label"])
    assert f"1 day: accuracy {rows[1][1]}" in drawn
    assert f"floating point {significant(known['floating_point'])}" in drawn


def test_accuracy_needs_weights_and_data(tmp_path: Path) -> None:
    assert "no trained model of that name" in fail("report", "resnet18", "--at", "1 s")
    assert "a model needs data" in fail("report", light_model("squeezenet"), "--at", "1 s")
    assert "before programming" in fail("report", "digits-lstm", "--at=-1 s")


def test_other_chips_stand_beside_it(tmp_path: Path) -> None:
    options = ("mlp-l4", "--batch", "4", "--no-what-if")
    succeed("report", *options, "--against", "a100,tpu-v1", "--out", tmp_path / "r.html")
    shown = in_section(read((tmp_path / "r.html").read_text()), "against-other-chips")
    rows = {row[0]: row for row in table_rows(shown.all("table")[0])}
    ratios = {row[0]: row for row in table_rows(shown.all("table")[1])}
    heads = {}
    for chip in ("pcm-mesh-14nm", "a100", "tpu-v1"):
        heads[chip] = succeed_json("run", "mlp-l4", "--batch", "4", "--chip", chip, "--json")["headline"]
        assert rows[chip][3] == significant(heads[chip]["throughput_per_s"])
        assert rows[chip][4] == joules(heads[chip]["energy_per_sample_j"])
    better = heads["pcm-mesh-14nm"]["energy_per_sample_j"] / heads["a100"]["energy_per_sample_j"]
    assert ratios["a100"][4] == significant(better, digits=3)
    assert "Not alike" in shown.text


def test_chips_to_stand_beside_are_read_before_the_run(tmp_path: Path) -> None:
    assert "there is no chip 'a1000'" in fail("report", "resnet18", "--against", "a1000")
    assert "is given twice" in fail("report", "resnet18", "--against", "pcm-mesh-14nm")


def test_turns_and_writing_are_shown_apart(tmp_path: Path) -> None:
    small = (value for field in ("rows=2", "columns=2", "tiles=4") for value in ("--set", f"fabric.{field}"))
    options = ("--schedule", "grouped", "--set", "system.chips=1", "--no-what-if", "--out", tmp_path / "r.html")
    succeed("report", "resnet32", *small, *options)
    page = read((tmp_path / "r.html").read_text())
    pipeline, plan = in_section(page, "pipeline"), in_section(page, "floorplan")
    assert [image.attributes["alt"] for image in pipeline.all("img")][1] == "weights written"
    assert "9 turns ended" in pipeline.text
    maps = [paragraph.text for paragraph in plan.all("p") if "id" in paragraph.attributes]
    assert "Weights written" in maps
    sites = json.loads(plan.all("script")[0].texts[0])["sites"]
    # 34 blocks on four arrays: nine turns, in the last of which two arrays work.
    assert [site.partition("; turns ")[2] for site in sites] == [
        *("1, 2, 3, 4, 5, 6 and 3 more", "1, 2, 3, 4, 5, 6 and 2 more") * 2,
    ]  # fmt: skip


def test_sensitivity_ranks_the_assumed_numbers(tmp_path: Path) -> None:
    succeed("report", "mlp-hermes", "--no-what-if", "--sensitivity", "--out", tmp_path / "r.html")
    ranked, _ = in_section(read((tmp_path / "r.html").read_text()), "assumptions").all("table")
    effects = [float(row.all("td")[3].attributes["data-v"] or "") for row in ranked.all("tbody")[0].all("tr")]
    assert effects == sorted(effects, reverse=True)
    assert effects[0] > 0


def test_bad_files_are_refused_before_the_run(tmp_path: Path) -> None:
    assert "does not end in .html" in fail("report", "resnet18", "--out", tmp_path / "report.txt")
    assert "there is no directory" in fail("report", "resnet18", "--out", tmp_path / "no" / "report.html")
