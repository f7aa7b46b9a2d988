"""Cycles that SCALE-Sim gives for one matrix product: run by the Python that has it (PyPI `scalesim`), not by ours.

    python scripts/scale_sim_cycles.py M N K DATAFLOW ROWS COLUMNS

prints the compute cycles of an M x K by K x N product on a ROWS x COLUMNS array (`os`, `ws` or `is`) at unlimited
bandwidth, from its COMPUTE_REPORT. SCALE-Sim 3.0.0 needs numpy < 2, so that it lives in an environment of its own.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

CONFIG = """[general]
run_name = one
[architecture_presets]
ArrayHeight = {rows}
ArrayWidth = {columns}
ifmapsramszkB = 1024
filtersramszkB = 1024
ofmapsramszkB = 1024
IfmapOffset = 0
FilterOffset = 1000000000
OfmapOffset = 2000000000
Bandwidth = 10
Dataflow = {dataflow}
MemoryBanks = 1
ReadRequestBuffer = 64
WriteRequestBuffer = 64
[layout]
IfmapCustomLayout = False
IfmapSRAMBankBandwidth = 10
IfmapSRAMBankNum = 10
IfmapSRAMBankPort = 2
FilterCustomLayout = False
FilterSRAMBankBandwidth = 10
FilterSRAMBankNum = 10
FilterSRAMBankPort = 2
[sparsity]
SparsitySupport = false
SparseRep = ellpack_block
OptimizedMapping = false
BlockSize = 8
RandomNumberGeneratorSeed = 40
[run_presets]
InterfaceBandwidth = CALC
UseRamulatorTrace = False
"""


def cycles(product, dataflow, rows, columns):
    """Compute cycles of one product, shape (M, N, K)."""
    from scalesim.scale_sim import scalesim

    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "chip.cfg").write_text(CONFIG.format(rows=rows, columns=columns, dataflow=dataflow))
        sizes = ", ".join(map(str, product))
        (here / "product.csv").write_text(f"Layer, M, N, K,\nproduct, {sizes},\n")
        # A layout must be there, and is not used.
        (here / "layout.csv").write_text("Layer name,\n")
        run = scalesim(
            save_disk_space=True,
            verbose=False,
            config=str(here / "chip.cfg"),
            topology=str(here / "product.csv"),
            layout=str(here / "layout.csv"),
            input_type_gemm=True,
        )
        with contextlib.redirect_stdout(sys.stderr):
            run.run_scale(top_path=str(here))
        header, row = (here / "one" / "COMPUTE_REPORT.csv").read_text().splitlines()
    values = dict(zip((name.strip() for name in header.split(",")), row.split(","), strict=False))
    if float(values["Stall Cycles"]):
        raise SystemExit("SCALE-Sim reports stalls at unlimited bandwidth")
    return int(float(values["Total Cycles"]))


if __name__ == "__main__":
    *product, dataflow, rows, columns = sys.argv[1:]
    print(cycles([int(size) for size in product], dataflow, int(rows), int(columns)))
