"""docs/SECURITY.md and these tests are two lists that must agree."""
import pathlib
import re

HERE = pathlib.Path(__file__).parent
TABLE = HERE.parents[1] / "docs/SECURITY.md"
NOT_YET = "does not apply yet: "


def rows():
    """{number: what the last column says}"""
    lines = [line.strip("| \n").split(" | ") for line in TABLE.read_text().splitlines() if re.match(r"\| \d+ \|", line)]
    return {int(cells[0]): cells[-1] for cells in lines}


def tests():
    """{number: names of the test functions}"""
    found = {}
    for path in HERE.glob("*_test.py"):
        for name, number in re.findall(r"^def (test_row_(\d\d)_\w+)", path.read_text(), re.M):
            found.setdefault(int(number), set()).add(name)
    return found


def test_the_table_has_all_rows():
    assert sorted(rows()) == list(range(1, 35))


def test_each_row_names_its_tests_or_the_feature_that_is_missing():
    for number, text in rows().items():
        named = set(re.findall(r"`(test_row_\w+)`", text))
        assert named == tests().get(number, set()), f"row {number}"
        assert named or text.startswith(NOT_YET), f"row {number}: {text}"
