"""The page as a document: complete, closed to the network, safe, and small."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from ml_insights.contracts import MODEL_QUALITY
from ml_insights.dashboard import page as page_module
from ml_insights.dashboard.charts import page_charts
from ml_insights_tests.dashboard.conftest import render
from ml_insights_tests.dashboard.html_page import HtmlPage
from ml_insights_tests.dashboard.synthetic import Tables, arrow, build_tables

HOSTILE = "</script><script>alert(1)</script>"
FOLDER = files("ml_insights.dashboard")


def own_parts(html: str) -> str:
    """The page without what holds addresses that nobody opens.

    That is the chart library with its messages, the name of the charts' schema, and our own lake.
    """
    without_library = html.replace(page_module._parts()["vega"], "")
    without_schema = re.sub(r'"\$schema":"[^"]+"', "", without_library)
    return without_schema.replace("s3://example/lake", "")


def test_nothing_is_loaded_from_outside_the_file(page: str) -> None:
    document = HtmlPage(page)
    assert not document.all("img", "iframe", "object", "embed", "base")
    assert all("src" not in script.attributes for script in document.all("script"))
    assert [link.attributes["href"] for link in document.all("link")] == ["data:,"]
    text = own_parts(page)
    for loading in ("http:", "https:", "@import", "url(", "fetch(", "XMLHttpRequest", "import("):
        assert loading not in text, loading


def test_the_browser_is_told_to_refuse_the_network(page: str) -> None:
    [policy] = [e for e in HtmlPage(page).all("meta") if "http-equiv" in e.attributes]
    directives = policy.attributes["content"].split("; ")
    assert policy.attributes["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in directives
    assert not re.search(r"\b(https?|\*)", policy.attributes["content"])


def test_the_chart_library_is_in_the_file(page: str) -> None:
    library = page_module._parts()["vega"]
    assert library in page
    assert "window.vegaEmbed" in library.replace(" ", "")
    assert "</script" not in library
    assert "<!--" not in library


def test_a_page_has_language_title_and_one_main_heading(page: str) -> None:
    document = HtmlPage(page)
    assert document.all("html")[0].attributes["lang"] == "en"
    assert document.all("title")[0].text == "payments-fraud: precision and recall"
    assert [heading.text for heading in document.all("h1")] == ["payments-fraud"]


def test_every_control_of_the_template_has_a_name_for_screen_readers(page: str) -> None:
    document = HtmlPage(page)
    labelled = {label.attributes.get("for") for label in document.all("label")}
    wrapped = {"stretched"}  # inside its label
    controls = document.all("input", "select", "button")
    assert len(controls) == 9
    for control in controls:
        spoken = control.text.strip() and control.tag == "button"
        name = control.attributes["id"]
        assert spoken or "aria-label" in control.attributes or name in labelled | wrapped, name


@pytest.mark.parametrize(
    "term",
    ["Precision", "Recall", "F1", "Average precision", "Few labels", "Not defined"],
)
def test_a_term_is_explained_on_the_page(page: str, term: str) -> None:
    assert term in {element.text.strip() for element in HtmlPage(page).all("dt")}


@pytest.mark.integration
def test_names_from_the_data_cannot_become_markup() -> None:
    tables = build_tables(
        days=1, variants=(HOSTILE, "<img src=x onerror=alert(2)>"), slices=("all", f"a={HOSTILE}")
    )
    html = render(tables, endpoint=HOSTILE)
    document = HtmlPage(html)
    assert len(document.all("script")) == 4
    assert not document.all("img")
    assert "alert(" not in "".join(s.text for s in document.all("script")[2:])
    assert [heading.text for heading in document.all("h1")] == [HOSTILE]
    assert HOSTILE in document.json("data")["variants"]


def test_scripts_never_write_markup() -> None:
    scripts = page_module._parts()["script"]
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert sink not in scripts


def test_scripts_ask_only_for_elements_of_the_template() -> None:
    template = (FOLDER / "page.html.jinja").read_text("utf-8")
    asked = set(re.findall(r'\$\("([\w-]+)"\)', page_module._parts()["script"]))
    assert len(asked) > 15
    assert asked <= set(re.findall(r'id="([\w-]+)"', template))


@pytest.mark.integration
def test_a_changed_threshold_is_said_under_the_trend(one_day: Tables) -> None:
    two = build_tables(days=2, slices=("all",), points=10)
    rows = [{**row, "operating_threshold": row["dt"].day / 100} for row in two.quality.to_pylist()]
    changed = Tables(arrow(MODEL_QUALITY, rows), two.curves, two.balance)
    said = "The operating threshold was changed: 0.07 on 7 Nov, 0.08 on 8 Nov."
    assert any(p.text.startswith(said) for p in HtmlPage(render(changed)).all("p"))
    assert not any("was changed" in p.text for p in HtmlPage(render(one_day)).all("p"))


def test_a_name_at_the_head_of_a_table_is_not_broken_to_save_width() -> None:
    style = page_module._parts()["style"]
    assert re.search(r"main thead th \{[^}]*overflow-wrap: break-word", style)


def test_every_chart_has_a_place_with_a_description(page: str) -> None:
    document = HtmlPage(page)
    charts = document.json("charts")
    assert charts.keys() == page_charts(["a"], ["2026-11-07"], shown=()).keys()
    for name in charts:
        assert document.by_id(name).attributes["aria-label"].startswith("Chart: ")


def test_slices_have_a_section_that_is_hidden_where_there_is_none(page: str) -> None:
    section = re.search(r'<section [^>]*id="slices-card"[^>]*>', page)
    assert section
    assert section[0].endswith(" hidden>")
    assert '$("slices-card").hidden = slices.length < 2' in page


def test_where_the_page_comes_from_is_shown(page: str) -> None:
    shown = {element.text for element in HtmlPage(page).all("dt", "dd")}
    assert {"lake", "s3://example/lake"} <= shown


def test_two_weeks_of_two_variants_and_six_slices_stay_below_6_mb(page: str) -> None:
    assert len(page.encode()) < 6_000_000


def test_the_same_tables_give_the_same_page(tables: Tables, page: str) -> None:
    assert render(tables) == page


@pytest.mark.integration
def test_the_order_of_rows_does_not_matter(one_day: Tables) -> None:
    turned = Tables(
        quality=one_day.quality.take(list(reversed(range(one_day.quality.num_rows)))),
        curves=one_day.curves.take(list(reversed(range(one_day.curves.num_rows)))),
        balance=one_day.balance,
    )
    assert render(turned) == render(one_day)


@pytest.mark.integration
def test_a_page_without_any_day_opens_with_empty_choices(one_day: Tables) -> None:
    nothing = Tables(*(t.slice(0, 0) for t in (one_day.quality, one_day.curves, one_day.balance)))
    data = HtmlPage(render(nothing)).json("data")
    assert data["days"] == data["variants"] == data["curves"] == []


@pytest.mark.integration
@pytest.mark.parametrize(
    ("variants", "slices"), [(1, 1), (8, 1), (2, 60)], ids=["one curve", "8 variants", "60 slices"]
)
def test_any_number_of_curves_has_its_place(variants: int, slices: int) -> None:
    tables = build_tables(
        days=1,
        variants=[f"variant-{n}" for n in range(variants)],
        slices=["all", *(f"region={n}" for n in range(slices - 1))],
        points=20,
    )
    data = HtmlPage(render(tables)).json("data")
    assert len(data["curves"]) == variants * slices
    assert len(data["colours"]) == variants
    assert data["slices"][0] == "all"
