"""The page: whole in one file, readable, and drawn from what was measured."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from tests.evaluation import toys

from antiphon.evaluation import baselines, charts, splits
from antiphon.evaluation.compare import compare
from antiphon.evaluation.datasets import Dataset
from antiphon.evaluation.report import MEANING, page
from antiphon.evaluation.results import Evaluation, Figure, Trial, Tuning

CAMPS = toys.tastes(users=40, items=40, each=10)


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    split = splits.hold_out(CAMPS, 0.2)
    fits = {"popularity": toys.popular, "<script>alert(1)</script>": baselines.fit}
    return compare(Dataset("camps", "lists", CAMPS), split, fits, cut=10)


def tuning() -> Tuning:
    trials = tuple(
        Trial("ials", n, {"dimensions": 8 * (n + 1), "kind": "x"}, (0.1, 0.1 + n / 100), 1.0, True)
        for n in range(5)
    )
    curve = ((1.0, 0.1), (16.0, 0.2))
    return Tuning(
        "camps", 10, (0.3, 1.0), trials, Figure(0.1, 0.09, 0.11), Figure(0.14, 0.13, 0.15),
        "tuned", 90.0, {"epochs of iALS": curve},
    )  # fmt: skip


class Tags(HTMLParser):
    """Which tags there are, and what they link to."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]


def test_the_page_is_whole_and_needs_no_network(evaluation: Evaluation) -> None:
    html = page([evaluation], tuning())
    tags = Tags()
    tags.feed(html)
    assert not tags.links
    assert "script" not in tags.names, "names of models are text"
    assert "url(" not in html
    assert "@import" not in html
    assert tags.names.count("table") == 2
    assert tags.names.count("svg") == 3 + 2 + 1, "all play equally much: nothing by activity"
    assert "light dark" in html


def test_the_page_says_what_was_measured(evaluation: Evaluation) -> None:
    html = page([evaluation])
    row = evaluation.rows[0]
    assert f"{row.figures['recall'].value:.4f}" in html
    assert f"{row.figures['coverage'].value:.4f}" in html
    for name in row.figures:
        assert MEANING[name][1].split(";", maxsplit=1)[0].split("'", maxsplit=1)[0] in html
    assert "40 listeners" in html
    assert "How the parameters" not in html, "nothing was searched"


def test_every_chart_is_well_formed_and_inside_its_frame(evaluation: Evaluation) -> None:
    drawn = re.findall(r"<svg.*?</svg>", page([evaluation], tuning()), re.DOTALL)
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        assert len(list(root)) > 3
        for shape in root:
            for name, most in (("x", width), ("cx", width), ("y", height), ("cy", height)):
                assert -1 <= float(shape.attrib.get(name, 0)) <= most + 1, svg


def test_a_bar_is_as_long_as_its_value_and_its_whisker_as_wide_as_its_interval() -> None:
    root = ElementTree.fromstring(
        charts.bars({"a": (0.2, 0.1, 0.3), "b": (0.4, 0.4, 0.4)}, "recall")
    )
    one, other = (float(bar.attrib["width"]) for bar in root.findall("rect"))
    assert other == pytest.approx(2 * one, rel=0.01)
    start, end = re.match(r"M([\d.]+) \d+H([\d.]+)", root.findall("path")[0].attrib["d"]).groups()
    assert float(end) - float(start) == pytest.approx(one, rel=0.01)


def test_one_point_or_all_the_same_can_be_drawn() -> None:
    for points in ([(1.0, 0.5)], [(2.0, 0.0), (2.0, 0.0)], [(1.0, 0.0), (1000.0, 0.0)]):
        for log in (False, True):
            ElementTree.fromstring(charts.lines({"a": points}, "x", "y", log=log))
            ElementTree.fromstring(charts.cloud(points, "x", "y", log=log, marked=0))
    ElementTree.fromstring(charts.bars({"a": (0.0, 0.0, 0.0)}, "x"))
    ElementTree.fromstring(charts.dots({"a": (0.0, 0.0), "b": (0.0, 0.0)}, "x", "y"))


def test_marks_are_round_and_inside() -> None:
    scale = charts.Scale([0.0, 0.283], 300, 10)
    assert scale.marks() == [0.0, 0.1, 0.2, 0.3][: len(scale.marks())]
    assert len(scale.marks()) >= 3
    assert charts.Scale([1, 1000], 0, 100, log=True).marks() == [1, 10, 100, 1000]
