"""`archsim run`: what it prints, what it writes, and that all of it agrees."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.e2e.cli_calls import light_model, succeed, succeed_json, write_relu_net

SCHEMAS = {
    "energy": ["layer", "chip", "component", "action", "count", "energy_j"],
    "area": ["component", "instances", "area_each_m2", "area_m2"],
    "states": ["layer", "role", "actors", "firings", "busy", "starved", "blocked", "contended", "done"],
    "resources": [
        "resource", "kind", "label", "chip", "node", "servers", "busy_s", "utilisation", "steady_utilisation",
    ],
    "layers": [
        "layer", "kind", "tokens", "width", "macs", "replicas", "arrays",
        "first_start_s", "last_end_s", "busy_s", "energy_j",
    ],
    "memory": ["memory", "action", "source", "target", "accesses", "bits", "busy_s", "energy_j"],
}  # fmt: skip
SCHEMAS["critical-path"] = [
    "layer", "product", "conversion", "digital", "transport", "memory", "host", "waiting", "total_ps",
]  # fmt: skip
FIRINGS = ["start_ps", "end_ps", "layer", "role", "actor", "firing", "resource"]


def read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path)


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `archsim run resnet18 --out` leaves."""
    directory = tmp_path_factory.mktemp("cli") / "new" / "results"
    succeed("run", "resnet18", "--out", directory)
    return directory


@pytest.fixture(scope="module")
def summary(results: Path) -> dict:
    return json.loads((results / "summary.json").read_text())


def test_files_of_a_run(results: Path) -> None:
    expected = {f"{name}.csv" for name in SCHEMAS} | {"summary.json", "report.html", "chip.yaml"}
    assert {file.name for file in results.iterdir()} == expected


@pytest.mark.parametrize("name", SCHEMAS)
def test_columns_of_the_tables(results: Path, name: str) -> None:
    assert list(read_csv(results / f"{name}.csv").columns) == SCHEMAS[name]


def test_summary_has_its_parts(summary: dict) -> None:
    assert list(summary) == [
        "command", "versions", "settings", "headline", "includes", "bottleneck", "components", "sample_energy",
        "layers", "resources", "notes",
    ]  # fmt: skip
    assert summary["settings"]["model"] == "resnet18"
    assert {"python", "archsim", "numpy"} <= set(summary["versions"])


def test_energy_of_one_sample_is_the_sum_of_the_table(results: Path, summary: dict) -> None:
    total = read_csv(results / "energy.csv")["energy_j"].sum()
    assert total == pytest.approx(summary["headline"]["energy_per_sample_j"], rel=1e-9)
    assert sum(part["energy_j"] for part in summary["components"]) == pytest.approx(total, rel=1e-12)


def test_dynamic_energy_of_the_layers_is_that_of_the_components(results: Path, summary: dict) -> None:
    layers = read_csv(results / "layers.csv")["energy_j"].sum()
    assert sum(part["dynamic_j"] for part in summary["components"]) == pytest.approx(layers, rel=1e-12)
    assert sum(part["energy_j"] for part in summary["layers"]) == pytest.approx(layers, rel=1e-12)


def test_area_is_the_sum_of_the_table(results: Path, summary: dict) -> None:
    assert read_csv(results / "area.csv")["area_m2"].sum() == pytest.approx(summary["headline"]["area_m2"])


def test_operations_are_twice_the_published_macs(results: Path, summary: dict) -> None:
    # 1,814,073,344 multiply-accumulates: torchvision's ResNet-18 at 224 x 224, convolutions and classifier.
    assert summary["headline"]["operations_per_sample"] == 2 * 1_814_073_344
    assert read_csv(results / "layers.csv")["macs"].sum() == 1_814_073_344


def test_shares_of_time_sum_to_one(results: Path) -> None:
    states = read_csv(results / "states.csv")
    total = states[["busy", "starved", "blocked", "contended", "done"]].sum(axis=1)
    assert total.tolist() == pytest.approx([1.0] * len(states))


def test_bottleneck_is_the_busiest_resource(results: Path, summary: dict) -> None:
    resources = read_csv(results / "resources.csv")
    busiest = resources.loc[resources["steady_utilisation"].idxmax()]
    assert summary["bottleneck"]["resource"] == busiest["resource"]
    assert summary["bottleneck"]["utilisation"] == pytest.approx(busiest["steady_utilisation"])


def test_a_run_that_may_end_early_says_what_it_did() -> None:
    # Copies that take rows: packets meet differently in every sample.
    asked = ("run", "resnet18", "--batch", "16", "--replicate", "balanced", "--json")
    whole, early = succeed_json(*asked), succeed_json(*asked, "--within", "0.01")
    assert early["settings"]["settings"]["within"] == 0.01
    assert "of 16 samples were run" in early["notes"][0]
    assert early["headline"]["throughput_per_s"] == pytest.approx(whole["headline"]["throughput_per_s"], rel=0.01)


def test_json_on_stdout_is_the_file(tmp_path: Path) -> None:
    printed = succeed("run", "mlp-hermes", "--json", "--out", tmp_path)
    assert printed == (tmp_path / "summary.json").read_text()


def test_parquet_equals_csv(results: Path, tmp_path: Path) -> None:
    succeed("run", "resnet18", "--out", tmp_path, "--format", "parquet")
    for name in SCHEMAS:
        parquet = pd.read_parquet(tmp_path / f"{name}.parquet")
        pd.testing.assert_frame_equal(parquet, read_csv(results / f"{name}.csv"), check_dtype=False, rtol=1e-14)


def test_two_runs_are_identical() -> None:
    assert succeed_json("run", "lstm-ptb", "--json") == succeed_json("run", "lstm-ptb", "--json")


def test_override_equals_editing_the_file(tmp_path: Path) -> None:
    edited = tmp_path / "pcm-mesh-14nm.yaml"
    edited.write_text(
        "extends: pcm-mesh-14nm\nname: pcm-mesh-14nm\nfabric:\n  clock: 500 MHz\ntile:\n  adc:\n    bits: 6\n"
    )
    by_file = succeed_json("run", "resnet18", "--json", "--chip", edited)
    by_option = succeed_json("run", "resnet18", "--json", "--set", "tile.adc.bits=6", "--set", "fabric.clock=500 MHz")
    plain = succeed_json("run", "resnet18", "--json")
    assert by_file["headline"] == by_option["headline"]
    assert by_file["components"] == by_option["components"]
    assert by_option["headline"] != plain["headline"]


def test_written_chip_is_the_chip_that_was_run(tmp_path: Path) -> None:
    first = succeed_json("run", "mlp-hermes", "--json", "--set", "tile.adc.bits=6", "--out", tmp_path)
    again = succeed_json("run", "mlp-hermes", "--json", "--chip", tmp_path / "chip.yaml")
    assert again["headline"] == first["headline"]


def test_balanced_copies_speed_a_run_up(summary: dict) -> None:
    balanced = succeed_json("run", "resnet18", "--replicate", "balanced", "--json")["headline"]
    assert balanced["throughput_per_s"] > 10 * summary["headline"]["throughput_per_s"]
    assert balanced["tiles_used"] > summary["headline"]["tiles_used"]


def test_given_copies_are_made() -> None:
    layers = succeed("run", "resnet18", "--replicate", "conv1=8", "--json")
    bottleneck = json.loads(layers)["bottleneck"]
    assert bottleneck["layer"] != "conv1"


def test_network_options_reach_the_network() -> None:
    headline = succeed_json("run", "gpt2", "--seq", "8", "--json")["headline"]
    # GPT-2 small: 12 blocks of 12 x 768^2 weights for each token, the vocabulary once, for the last token;
    # token t attends to t tokens, once for the scores and once for the values.
    macs = 8 * 12 * 12 * 768**2 + 50_257 * 768 + 12 * 2 * 768 * sum(range(1, 9))
    assert headline["operations_per_sample"] == 2 * macs


def test_onnx_file_runs_under_its_name() -> None:
    headline = succeed_json("run", light_model("squeezenet"), "--json")["headline"]
    assert headline["network"] == "light_squeezenet"
    # 349,151,936 multiply-accumulates, counted from the shapes of its convolutions.
    assert headline["operations_per_sample"] == 2 * 349_151_936


def test_open_shape_is_filled_in(tmp_path: Path) -> None:
    file = write_relu_net(tmp_path / "open.onnx", (1, 3, "height", "width"))
    output = succeed("check", file, "--shape", "data=1,3,8,9")
    assert "data (72 x 3)" in output


def test_firing_log_is_the_window(tmp_path: Path) -> None:
    succeed("run", "mlp-hermes", "--batch", "4", "--out", tmp_path / "all", "--trace-from", "0 s")
    window = ("--trace-from", "130 ns", "--trace-to", "500 ns")
    succeed("run", "mlp-hermes", "--batch", "4", "--out", tmp_path / "part", *window)
    log, part = (read_csv(tmp_path / name / "firings.csv") for name in ("all", "part"))
    assert list(log.columns) == FIRINGS
    within = log[(log["start_ps"] >= 130_000) & (log["start_ps"] < 500_000)]
    assert 0 < len(part) < len(log)
    pd.testing.assert_frame_equal(part, within.reset_index(drop=True))


def test_firing_log_accounts_for_all_busy_time(tmp_path: Path) -> None:
    succeed("run", "mlp-hermes", "--batch", "3", "--out", tmp_path, "--trace-from", "0 s")
    log, resources = read_csv(tmp_path / "firings.csv"), read_csv(tmp_path / "resources.csv")
    busy = (log["end_ps"] - log["start_ps"]).groupby(log["resource"]).sum()
    used = resources[resources["busy_s"] > 0].set_index("resource")["busy_s"]
    assert (busy / 1e12).to_dict() == pytest.approx(used.to_dict())


def test_engines_log_the_same_firings(tmp_path: Path) -> None:
    for engine in ("compiled", "reference"):
        succeed("run", "lstm-ptb", "--seq", "3", "--engine", engine, "--out", tmp_path / engine, "--trace-from", "0 s")
    compiled, reference = (read_csv(tmp_path / engine / "firings.csv") for engine in ("compiled", "reference"))
    pd.testing.assert_frame_equal(compiled, reference)


def test_earlier_results_do_not_linger(tmp_path: Path) -> None:
    succeed("run", "mlp-hermes", "--out", tmp_path, "--trace-from", "0 s", "--format", "parquet")
    (tmp_path / "mine.txt").write_text("kept")
    succeed("run", "mlp-hermes", "--out", tmp_path)
    expected = {f"{name}.csv" for name in SCHEMAS} | {"summary.json", "report.html", "chip.yaml", "mine.txt"}
    assert {file.name for file in tmp_path.iterdir()} == expected


@pytest.mark.parametrize(
    "arguments",
    [
        ("resnet18", "--batch", "2"),
        ("bert-base", "--seq", "16", "--chip", "isaac"),
        ("rnnt", "--seq", "4", "--chip", "ibm-14nm-34tile-x5"),
    ],
)
def test_summary_fits_a_screen(arguments: tuple[str, ...]) -> None:
    lines = succeed("run", *arguments).splitlines()
    # Four of them say what is drawn without work, and what routers hold.
    assert len(lines) <= 68
    text = "\n".join(lines)
    for heading in ("Bottleneck", "Where time goes", "Resources", "Where energy and area go"):
        assert heading in text


def test_summary_shows_the_figures_of_the_json(summary: dict) -> None:
    text = succeed("run", "resnet18")
    headline = summary["headline"]
    assert f"{headline['latency_s'] * 1e3:.4g} ms" in text
    assert f"{headline['gops_per_w']:.4g} GOP/s/W" in text
    assert f"{headline['area_m2'] * 1e6:.4g} mm²" in text
    assert f"{headline['tiles_used']} of {headline['tiles']} tiles" in text
    assert "assumed" in text


def test_what_does_not_fit_takes_turns_and_says_so() -> None:
    printed = succeed(
        "run", "resnet18", "--set", "system.chips=1", "--set", "fabric.rows=4", "--set", "fabric.columns=4"
    )
    # 75 blocks on 16 tiles.
    assert "75 of 75 blocks are written anew for each turn" in " ".join(printed.split())
