"""What a request, a response or a label is read by: forms, paths, classes, slices."""

from __future__ import annotations

import pytest

from ml_insights.spark.arguments import CaptureFormat, SliceFeature, ValueForm
from ml_insights_tests.settings.conftest import MINIMAL, Load, Problems, endpoint

SLICES = """\
    slices:
      - {name: region, content_type: text/csv, index: 3}
      - {name: age, content_type: application/json, path: "instances[*].age", edges: [30, 50.5]}
      - {cross: [region, age]}
"""


@pytest.mark.parametrize(
    ("form", "key", "text"),
    [
        ("{content_type: text/csv, path: a}", "path", "give `index` instead"),
        ("{content_type: application/json, index: 0}", "index", "give `path` instead"),
        ("{content_type: text/csv, index: -1}", "index", "greater than or equal to 0"),
        ('{content_type: application/json, path: "a[*].b[*]"}', "path", "[*] more than once"),
        ("{content_type: application/json, path: a..b}", "path", "cannot be read from character"),
        ("{content_type: application/json, path: .a}", "path", "cannot be read from character 1"),
        ('{content_type: application/json, path: "a[-1]"}', "path", "cannot be read"),
        ("{content_type: application/json, path: $.a}", "path", "without `$`"),
        ('{content_type: application/jsonlines, path: "a[*]"}', "path", "each line"),
        ("{index: 0}", "content_type", "is missing"),
        ("5", "", "must be a section. Legal keys: content_type, index, path"),
    ],
)
def test_a_form_that_cannot_be_read_is_an_error(
    problems: Problems, form: str, key: str, text: str
) -> None:
    (problem,) = problems(MINIMAL.replace("{content_type: text/csv, index: 0}", form))
    name = f"endpoints.fraud-detector.score{'.' if key else ''}{key}: "
    assert problem.startswith(f"settings.yaml:6: {name}")
    assert text in problem


@pytest.mark.parametrize("path", ["a", "a.b", "[0]", "[*]", "a[*].b[2].c", '""', "a-b.ü"])
def test_legal_paths_reach_the_spark_side(load: Load, path: str) -> None:
    quoted = path if path == '""' else f'"{path}"'
    text = MINIMAL.replace("text/csv, index: 0", f"application/json, path: {quoted}")
    (form,) = endpoint(load, text).capture_format().scores
    assert form == ValueForm("application/json", None, path.strip('"'))


def test_a_content_type_has_one_form(problems: Problems) -> None:
    forms = "[{content_type: text/csv}, {content_type: text/csv, index: 1}]"
    (problem,) = problems(MINIMAL.replace("{content_type: text/csv, index: 0}", forms))
    assert "score[1].content_type: text/csv has a form already" in problem


def test_labels_may_have_several_json_forms_in_order(load: Load) -> None:
    forms = ", ".join(
        f"{{content_type: application/{kind}, path: '{path}'}}"
        for kind, path in (("json", "label"), ("jsonlines", "label"), ("json", "all[*].label"))
    )
    settings = load(f"{MINIMAL}    label: [{forms}, {{content_type: text/csv}}]\n")
    found = settings.endpoints["fraud-detector"].label_forms()
    assert [form.path for form in found] == ["label", "label", "all[*].label", ""]


@pytest.mark.parametrize(
    ("forms", "problem"),
    [
        (
            "{content_type: text/csv}, {content_type: text/csv, index: 1}",
            "label[1].content_type: is a second CSV form",
        ),
        (
            "{content_type: application/json, path: a}, {content_type: application/json, path: a}",
            "label[1].path: is that of a form before it",
        ),
        (
            "{content_type: application/json}, {content_type: application/jsonlines, path: a}",
            "label[1].path: is never tried: the form without `path` before it takes every",
        ),
    ],
)
def test_a_label_form_that_could_never_apply_is_illegal(
    problems: Problems, forms: str, problem: str
) -> None:
    (found,) = problems(f"{MINIMAL}    label: [{forms}]\n")
    assert problem in found


def test_an_endpoint_has_a_positive_label_or_classes(load: Load, problems: Problems) -> None:
    without = MINIMAL.replace('    positive_label: "1"\n', "")
    assert "positive_label: is missing; a multi-class endpoint" in problems(without)[0]
    both = problems(MINIMAL.replace(", index: 0", "") + "    classes: [cat, dog]\n")
    assert "positive_label: '1' must go, because `classes` is given" in both[0]
    classes = without.replace(", index: 0", "") + "    classes: [cat, dog]\n"
    assert endpoint(load, classes).capture_format().classes == ("cat", "dog")


@pytest.mark.parametrize(
    ("classes", "text"),
    [("[cat]", "two or more"), ("[cat, cat]", "'cat' twice"), ("[1, 1.0]", "'1.0' twice"),
     ("cat", "valid list"), ("[cat, null]", "has no value")],
)  # fmt: skip
def test_classes_are_several_and_differ(problems: Problems, classes: str, text: str) -> None:
    without = MINIMAL.replace('    positive_label: "1"\n', "").replace(", index: 0", "")
    assert text in problems(f"{without}    classes: {classes}\n")[0]


def test_with_classes_a_csv_row_holds_every_score_so_no_column_is_chosen(
    problems: Problems,
) -> None:
    text = MINIMAL.replace('positive_label: "1"', "classes: [cat, dog]")
    (problem,) = problems(text)
    assert problem.startswith("settings.yaml:6: endpoints.fraud-detector.score.index: ")


def test_a_negative_label_does_not_go_with_classes(problems: Problems) -> None:
    text = MINIMAL.replace('positive_label: "1"', "classes: [a, b]").replace(", index: 0", "")
    (problem,) = problems(text + "    negative_label: b\n")
    assert "negative_label: 'b' must go" in problem


def test_slices_reach_the_spark_side(load: Load) -> None:
    fraud = endpoint(load, MINIMAL + SLICES)
    region = SliceFeature("region", ValueForm("text/csv", 3))
    age = SliceFeature("age", ValueForm("application/json", None, "instances[*].age"), (30, 50.5))
    assert fraud.capture_format() == CaptureFormat(
        (ValueForm("text/csv", 0),), "1", slices=(region, age)
    )
    assert fraud.slice_names == ("region", "age")
    assert fraud.crosses == (("region", "age"),)


@pytest.mark.parametrize(
    ("old", "new", "key", "text"),
    [
        ("name: age", "name: Region", "slices[1].name", "name of another slice"),
        ("name: age", "name: 2nd", "slices[1].name", "is not legal"),
        ("name: age, ", "", "slices[1].name", "is missing"),
        (", index: 3", "", "slices[0].index", "is needed with text/csv"),
        (', path: "instances[*].age"', "", "slices[1].path", "is needed with application/json"),
        ("[30, 50.5]", "[50, 30]", "slices[1].edges", "30 follows 50"),
        ("[30, 50.5]", "[30, 30]", "slices[1].edges", "must ascend"),
        ("[30, 50.5]", "[a]", "slices[1].edges[0]", "valid number"),
        ("[region, age]", "[region]", "slices[2].cross", "at least 2 items"),
        ("[region, age]", "[region, sex]", "slices[2].cross", "the names are: region, age"),
        ("[region, age]", "[age, age]", "slices[2].cross", "same slices twice"),
        ("[region, age]}", "[region, age], name: x}", "slices[2].name", "not a key here"),
        ("- {cross: [region, age]}", "- region", "slices[2]", "must be a section"),
    ],
)
def test_a_slice_that_makes_no_sense_is_an_error(
    problems: Problems, old: str, new: str, key: str, text: str
) -> None:
    found = problems(MINIMAL + SLICES.replace(old, new))
    wanted = [line for line in found if f"endpoints.fraud-detector.{key}: " in line]
    assert len(wanted) == 1
    assert text in wanted[0]


def test_the_same_cross_twice_is_an_error(problems: Problems) -> None:
    (problem,) = problems(f"{MINIMAL}{SLICES}      - {{cross: [age, region]}}\n")
    assert "slices[3].cross: " in problem
