import json
import pkgutil
from importlib import import_module

import bench
from bench.__main__ import NO_BENCHMARKS
from bench.report import Report


def test_a_report_is_a_table_for_people_and_figures_for_programs(tmp_path):
    report = Report()
    report.add("clocks due", 1000, "clocks", how="seeded")
    with report.timed("tick", how="one step"):
        pass

    report.write(tmp_path / "var" / "bench.json")

    figures = json.loads((tmp_path / "var" / "bench.json").read_text(encoding="utf-8"))["figures"]
    assert figures[0] == {"name": "clocks due", "value": 1000.0, "unit": "clocks", "how": "seeded"}
    assert [sorted(figure) for figure in figures] == [["how", "name", "unit", "value"]] * 2
    assert report.table().splitlines()[1].split() == ["clocks", "due", "1,000", "clocks", "seeded"]


def test_every_benchmark_can_be_run():
    names = [module.name for module in pkgutil.iter_modules(bench.__path__) if module.name not in NO_BENCHMARKS]

    assert [name for name in names if not callable(getattr(import_module(f"bench.{name}"), "run", None))] == []
