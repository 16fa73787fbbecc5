"""The pure parts of the benchmarks: percentiles, bars, and the table."""

import json

import pytest

from benchmarks.__main__ import all_figures
from benchmarks.figure import Bar, Compare, Row, number, percentile, table


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([7.0], 50, 7.0), ([7.0], 99, 7.0), ([3.0, 1.0, 2.0], 50, 2.0), ([1.0, 2.0], 50, 1.5), ([0.0, 10.0], 99, 9.9)],
)
def test_percentiles_are_interpolated_between_ordered_values(values: list[float], percent: float, expected: float):
    assert percentile(values, percent) == pytest.approx(expected)


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


@pytest.mark.parametrize(
    ("bar", "ours", "peer", "met"),
    [
        (Bar(Compare.RATIO, 1.2), 12.0, 10.0, True),
        (Bar(Compare.RATIO, 1.2), 12.1, 10.0, False),
        (Bar(Compare.RATIO, 1.3, at_least=True), 13.0, 10.0, True),
        (Bar(Compare.RATIO, 1.3, at_least=True), 12.9, 10.0, False),
        (Bar(Compare.RATIO, 1.2), 0.1, None, False),
        (Bar(Compare.RATIO, 1.2), 0.1, 0.0, False),
        (Bar(Compare.DIFFERENCE, 0.5), 1.5, 1.0, True),
        (Bar(Compare.DIFFERENCE, 0.5), 1.6, 1.0, False),
        (Bar(Compare.VALUE, 40), 40.0, None, True),
        (Bar(Compare.VALUE, 40), 41.0, 100.0, False),
    ],
)
def test_a_bar_is_met_by_what_it_compares(bar: Bar, ours: float, peer: float | None, met: bool):
    assert bar.met(ours, peer) is met


@pytest.mark.parametrize(
    ("value", "shown"), [(0, "0"), (0.01234, "0.0123"), (1.5, "1.50"), (99.96, "100.0"), (1234.6, "1235")]
)
def test_numbers_have_three_digits(value: float, shown: str):
    assert number(value) == shown


def test_the_table_lines_up_and_says_what_was_met():
    rows = [
        Row(label="slow", unit="ms", ours=[30, 10, 20], peer_name="peer", peer=[10], bar=Bar(Compare.RATIO, 1.2)),
        Row(label="alone", unit="MiB", ours=[5], bar=Bar(Compare.VALUE, 8)),
        Row(label="told", unit="ms", ours=[1, 3], peer_name="peer", peer=[1, 2], percent=99),
    ]
    headings, rule, *lines = table(rows).splitlines()
    assert [row.verdict for row in rows] == ["missed", "met", "reported"]
    assert lines[0].split() == [
        "slow",
        "20.0",
        "ms",
        "p50",
        "10.0",
        "ms",
        "peer",
        "2.00",
        "×",
        "≤",
        "1.20",
        "×",
        "missed",
        "3/1",
    ]
    assert lines[1].split() == ["alone", "5.00", "MiB", "≤", "8.00", "MiB", "met", "1"]
    assert headings.index("ours") == lines[0].index("20.0") == rule.index("─", len("figure"))


def test_a_row_can_be_written_with_all_its_samples():
    row = Row(label="one", unit="ms", ours=[2, 4], peer_name="peer", peer=[1, 1], bar=Bar(Compare.RATIO, 4))
    plain = json.loads(json.dumps(row.plain()))
    assert (plain["ours"], plain["peer_value"], plain["ratio"], plain["verdict"]) == (3, 1, 3, "met")
    assert (plain["ours_samples"], plain["bar"]) == ([2, 4], "≤ 4.00 ×")


def test_every_figure_is_found_by_its_name():
    found = all_figures()
    assert len(found) >= 18
    assert all(figure.name == name and figure.title for name, figure in found.items())
