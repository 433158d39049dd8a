"""The page shows every figure and claim, fetches nothing, and works under a reader's fingers."""

import dataclasses
import hashlib
import json
import re
import shutil
import struct
import zlib
from html import unescape
from pathlib import Path

import pytest
from tests.record.small_run import FIGURES, RAW, records, sha, write_records

from unrolled.record.atlas import PaperSection, build_page, figures_of, read_sources
from unrolled.record.captions import caption_path, render_caption
from unrolled.record.claims import judge, read_claims
from unrolled.record.report import Change, Link, Node, Report
from unrolled.record.run_times import run_times
from unrolled.record.scoreboard import margin_words, strip
from unrolled.record.sidecars import write_run, write_states
from unrolled.record.tables import wide_table

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
NAMES = ["fig1", "fig2", "tab1", "fig_begin_end", "s11", "figA_film_gru", "figA_film_lstm"]
CAPTION = (
    "The **state** moves, :math:`z = 0`, at {{ scale }}.\n\nUnits <b>not</b> shown: {{ units }}.\n"
)
CLAIMS = """
paper:
  title: A title with <angles> & more
  authors: A. Author
  published: Somewhere 2019
  question: What is done?
  short_answer: This.
  links: {arXiv: "https://arxiv.org/abs/1906.10720"}
claims:
- id: "C1_{corpus}_{cell}"
  statement: The number is large.
  source: figure 1
  quantity: "{corpus}_{cell}_size"
  unit: tokens
  paper_by: {film_gru: 3}
  control: "{corpus}_{cell}_size_untrained"
  over: {corpus: [film, foods], cell: [gru, lstm]}
  accept: {demo: {min: 1, greater_than: control}}
  cannot_show: Small data.
- id: C2
  statement: Everything agrees.
  source: figure 2
  quantity: agreement
  control: agreement_untrained
  reported: true
  accept: {demo: {min: 1}}
  cannot_show: Few networks.
"""
METRICS = {
    "film_gru_size": 2.0,
    "film_gru_size_low": 1.5,
    "film_gru_size_high": 2.5,
    "film_lstm_size": 0.5,
    "foods_gru_size": 4.0,
    "agreement": 0.25,
} | {
    f"{corpus}_{cell}_size_untrained": 0.75
    for corpus in ("film", "foods")
    for cell in ("gru", "lstm")
}


def write_png(path: Path, width: int = 900, height: int = 300) -> None:
    """A grey picture, by hand: the page looks at bytes, not at plots."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\xdd" * width) * height
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def section(tmp_path):
    folder = tmp_path / "results" / "demo" / "line_attractor" / "figures"
    folder.mkdir(parents=True)
    for name in NAMES:
        write_png(folder / f"{name}.png")
    for stem in ("fig1", "fig2", "tab1", "figA", "fig_begin_end", "s11"):
        (tmp_path / f"{stem}.rst").write_text(CAPTION, encoding="utf-8")
    claims = tmp_path / "toy.yaml"
    claims.write_text(CLAIMS, encoding="utf-8")
    sheet = read_claims(claims)
    verdicts = [item.as_dict() for item in judge(sheet.claims, METRICS, "demo")]
    assert sheet.paper is not None
    rows = [
        {"documents": "film", "model": model, "percent": "80.5", "low": "79", "high": high}
        for model, high in (("gru", "81"), ("bag_of_words", "79"))
    ]
    return PaperSection(
        slug="line_attractor",
        sheet={"about": sheet.paper.model_dump(), "scale": "demo", "claims": verdicts},
        figures=figures_of(
            NAMES,
            slug="line_attractor",
            pngs={name: folder / f"{name}.png" for name in NAMES},
            captions={name: caption_path(tmp_path, name) for name in NAMES},
            tables={"tab1": rows},
            context={"scale": "demo", "units": 64},
        ),
    )


@pytest.fixture
def page(section, tmp_path):
    source = {
        "title": "Reviews",
        "file": Path(RAW).name,
        "home": "https://example.org/home",
        "licence": "MIT",
        "citation": "Somebody 2014",
        "sha256": "ab" * 32,
        "bytes": 2466783,
    }
    path = tmp_path / "results" / "demo" / "index.html"
    path.write_text(build_page([section], scale="demo", sources=[source]), encoding="utf-8")
    return path


def test_the_page_is_the_same_text_whenever_it_is_built(section):
    assert build_page([section], scale="demo") == build_page([section], scale="demo")


def test_what_breaks_a_claim_is_shown_with_the_share_that_is_caught(section):
    caught = {"id": "C1_film_gru", "break": "shuffled <labels>", "before": "holds"}
    teeth = {
        "line_attractor": {"claims": {"C1": [caught | {"after": "fails"}], "C3": []}},
        "elsewhere": {"claims": {"C1": []}},
    }
    html = build_page([section], scale="demo", teeth=teeth)
    assert "1 of 2 judged claims (50 %)" in html
    assert "it fails:</span> shuffled &lt;labels&gt;.</p>" in html
    assert "Broken on purpose" not in build_page([section], scale="demo")


def came_out(verdicts):
    """Reference numbers of as many runs as there are verdicts on C1_film_gru."""
    claims = {
        "C1_film_gru": {"verdict": verdicts[0], "margin": 1.0, "runs": verdicts},
        "C1_film_lstm": {"verdict": "fails", "margin": -0.5, "runs": ["fails"] * len(verdicts)},
        "C2": {"verdict": "reported", "margin": None, "runs": ["reported"] * len(verdicts)},
    }
    runs = [{"seed": seed, "processor": "AMD"} for seed in range(len(verdicts))]
    return {"made": {"runs": runs}, "claims": claims}


def test_what_other_runs_make_of_a_verdict_stands_beside_it(section):
    reference = came_out(["holds", "fails", "holds"])
    html = build_page([dataclasses.replace(section, reference=reference)], scale="demo")
    assert "1 of 2 judged claims came out alike" in html
    assert "3 runs of the project's own, on AMD with the root seeds 0, 1, 2;" in unescape(html)
    assert 'title="C1_film_gru: holds, so in 2 of 3 runs"' in html
    row = html.split('id="line_attractor-C1_film_gru"')[1].split("</tr>")[0]
    assert "so in 2 of 3 runs" in row
    assert html.count("so in") == 2


def test_a_verdict_that_no_run_gave_says_so(section):
    reference = came_out(["fails", "fails"])
    html = build_page([dataclasses.replace(section, reference=reference)], scale="demo")
    assert "2 of 2 judged claims came out alike" in html
    assert "so in 0 of 2 runs" in html


@pytest.mark.parametrize("reference", [{}, came_out(["fails"])])
def test_of_a_single_run_nothing_is_said(section, reference):
    html = build_page([dataclasses.replace(section, reference=reference)], scale="demo")
    assert "came out alike" not in html
    assert "so in" not in html


def test_columns_of_one_name_have_it_upright_where_it_meets_no_neighbour(section):
    cells = [
        item | {"where": {"cell": item["where"]["cell"]}}
        for item in section.sheet["claims"]
        if item["where"].get("corpus") == "film"
    ]
    sheet = {**section.sheet, "claims": cells}
    html = build_page([dataclasses.replace(section, sheet=sheet)], scale="demo")
    upright = re.findall(r'class="cell[^>]*><span>([^<]*)</span>', html)
    heads = re.findall(r'class="head">([^<]*)</th>', html)
    assert (heads, upright) == (["", ""], ["gru", "lstm"])


def test_what_others_wrote_is_shown_as_text_not_run(page):
    html = page.read_text(encoding="utf-8")
    assert "A title with &lt;angles&gt; &amp; more" in html
    assert "&lt;b&gt;not&lt;/b&gt; shown: 64" in html
    assert ">agreement untrained<" in html


def test_the_page_names_no_address_to_fetch_from(page):
    html = page.read_text(encoding="utf-8")
    fetched = re.findall(r'(?:src|srcset|data|action)="([^"]+)"|url\(|@import', html)
    assert {address for address in fetched if not address.startswith("data:")} == {
        "record/run_times.js",
        "record/lineage.js",
        "record/audit.js",
    }
    assert not re.search(r'<link[^>]+href="(?!data:)', html)


def test_figures_of_one_stem_become_one_figure_with_a_picture_for_each_cell(section):
    assert [figure.title for figure in section.figures] == [
        "Figure 1",
        "Figure 2",
        "Table 1",
        "Figure begin end",
        "Figure S11",
        "Figure A",
    ]
    assert [figure.pictures[0].label for figure in section.figures[:-1]] == [""] * 5
    pictures = section.figures[-1].pictures
    assert [picture.label for picture in pictures] == ["film · gru", "film · lstm"]
    assert (pictures[0].width, pictures[0].height) == (900, 300)
    assert pictures[0].pdf == "line_attractor/figures/figA_film_gru.pdf"
    assert section.figures[2].pictures[0].numbers == "line_attractor/figures/tab1.csv"


def test_a_file_that_is_no_picture_is_named(tmp_path, section):
    broken = tmp_path / "fig1.png"
    broken.write_bytes(b"")
    caption = tmp_path / "fig1.rst"
    with pytest.raises(ValueError, match=r"fig1\.png is not a PNG picture \(0 bytes\)"):
        figures_of(
            ["fig1"],
            slug="x",
            pngs={"fig1": broken},
            captions={"fig1": caption},
            tables={},
            context={"scale": "demo", "units": 1},
        )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Only {{ unheard_of }}.", "unheard_of"),
        ("A :nonsense:`role`.", "nonsense"),
        (".. raw:: html\n\n   <script>1</script>\n", "raw"),
    ],
)
def test_a_caption_that_cannot_be_rendered_is_named(tmp_path, text, words):
    path = tmp_path / "fig9.rst"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=rf"(?s)fig9\.rst.*{words}"):
        render_caption(path, {"scale": "demo"})
    with pytest.raises(ValueError, match=r"absent\.rst is not there"):
        render_caption(tmp_path / "absent.rst", {})


def test_a_table_without_models_is_only_tidied():
    assert wide_table([{"a_b": "0.12345", "c": "x_y"}]) == (["a b", "c"], [["0.123", "x y"]])
    assert wide_table([]) == ([], [])


def test_only_sources_of_the_runs_corpora_are_shown(tmp_path):
    path = tmp_path / "sources.yaml"
    path.write_text(
        "one: {title: One, corpora: [film], bytes: 5}\ntwo: {corpora: [imdb]}\n", encoding="utf-8"
    )
    (source,) = read_sources(path, ["film", "plain"])
    assert (source["title"], source["bytes"], source["home"]) == ("One", 5, None)
    assert [source["title"] for source in read_sources(path, ["imdb"])] == ["two"]


def test_run_times_are_the_latest_of_each_job_longest_first(tmp_path):
    def record(rule, seconds, started, **wildcards):
        return {
            "rule": rule,
            "wildcards": wildcards,
            "seconds": seconds,
            "started": started,
            "peak_memory_bytes": 10**8,
        }

    records = [
        record("train", 30.0, "2026-01-01T10:00:00+00:00", cell="gru"),
        record("train", 20.0, "2026-01-02T10:00:00+00:00", cell="gru"),
        record("fig1", 25.0, "2026-01-02T10:00:00+00:00"),
    ]
    assert [(job["job"], job["seconds"]) for job in run_times(records)] == [
        ("fig1", 25.0),
        ("train cell=gru", 20.0),
    ]


def test_the_page_carries_the_sum_of_each_picture(page):
    html = page.read_text(encoding="utf-8")
    picture = page.parent / "line_attractor" / "figures" / "fig2.png"
    sha256 = hashlib.sha256(picture.read_bytes()).hexdigest()
    assert f'data-path="{FIGURES}/fig2.png" data-sha256="{sha256}"' in html


VERDICT = {
    "value": 2.0, "low": 1.5, "high": 2.5, "lowest": 1.0, "highest": None, "margin": 1.0,
    "control": None, "control_value": None, "accept": {"min": 1.0}, "paper": None,
    "verdict": "holds", "message": "2 clears the least accepted, 1, by 1",
}  # fmt: skip
FAILS = {"verdict": "fails", "margin": -0.25}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "to spare, over the whole range"),
        ({"low": 0.9}, "to spare, but not over the whole range"),
        ({"high": 9.0, "highest": 8.0}, "to spare, but not over the whole range"),
        (FAILS, "short, but not over the whole range"),
        (FAILS | {"high": 0.9, "low": 0.5}, "short, over the whole range"),
        (FAILS | {"highest": 1.2}, "short, over the whole range"),
        (FAILS | {"margin": 0.0, "low": None}, "a tie, which is not enough"),
        ({"margin": -1.0, "verdict": "reported", "message": "would fail: …", "low": None}, "short"),
        ({"margin": 0.0, "low": None}, "to spare"),
        ({"margin": None}, ""),
    ],
)
def test_a_margin_says_what_is_to_spare_and_whether_everywhere(changes, words):
    assert margin_words(VERDICT | changes) == words


def test_the_papers_value_is_drawn_in_its_place_or_as_an_arrow_towards_it():
    def middle(svg, pattern):
        return float(re.search(pattern, svg)[1])

    near = strip(VERDICT | {"paper": 2.0})
    assert middle(near, r'class="paper" d="M([\d.]+) 3.5') == middle(
        near, r'class="dot" cx="([\d.]+)"'
    )
    more = strip(VERDICT | {"paper": 3.0})
    assert middle(more, r'class="paper" d="M([\d.]+) 3.5') > middle(
        more, r'class="dot" cx="([\d.]+)"'
    )
    for paper, arrow in ((900.0, "M149 10l-6"), (-900.0, "M1 10l6")):
        assert arrow in strip(VERDICT | {"paper": paper})
    plain = strip(VERDICT)
    assert 'class="paper"' not in plain + strip(VERDICT | {"paper": "large"})
    # one that lies far off leaves the axis as it was
    assert plain.replace("</svg>", "").split("<circle")[0] in strip(VERDICT | {"paper": 900.0})


# --------------------------------------------------------------- in a browser


@pytest.fixture
def browser():
    webdriver = pytest.importorskip("selenium.webdriver")
    if not (Path(CHROMIUM).exists() and Path(DRIVER).exists() and shutil.which(CHROMIUM)):
        pytest.skip(
            f"no {CHROMIUM} with {DRIVER}: apt-get install chromium chromium-driver to run this"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "force-prefers-reduced-motion",  # else clicks land while the page is still gliding
    ):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def resize(driver, width, *, phone=False):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": phone},
    )


def find(driver, css):
    return driver.find_elements("css selector", css)


def is_shown(elements):
    return [element for element in elements if element.is_displayed()]


def requested(driver):
    """Every address that the page asked for."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    ]


def test_a_reader_can_click_through_the_page(page, browser):
    folder = page.parent / "record"
    folder.mkdir()
    for rule, seconds in (("a", 2), ("b", 9)):
        record = records()[0] | {"rule": rule, "wildcards": {}, "seconds": seconds}
        (folder / f"{rule}.jsonl").write_text(json.dumps(record), encoding="utf-8")
    write_run(folder)
    resize(browser, 1280)
    browser.get(page.as_uri())

    counts = [element.text.split() for element in find(browser, "#scoreboard .count")]
    assert counts == [["2", "hold"], ["1", "fails"], ["1", "missing"], ["1", "reported"]]
    (link,) = find(browser, "nav a[href='#line_attractor']")
    link.click()
    assert browser.current_url.endswith("#line_attractor")
    assert "A title with <angles>" in find(browser, "#line_attractor h2")[0].text

    # a figure enlarges, the next one follows, and it closes
    viewer = find(browser, "#viewer")[0]
    assert not viewer.is_displayed()
    find(browser, "#line_attractor-fig1 .enlarge")[0].click()
    assert viewer.is_displayed()
    assert find(browser, "#viewer img")[0].size["width"] > 0
    find(browser, "#viewer [data-go='1']")[0].click()
    assert find(browser, ".viewer-bar b")[0].text == "Figure 2"
    find(browser, "#viewer [data-close]")[0].click()
    assert not viewer.is_displayed()

    # a mark in the overview leads to its claim
    assert not is_shown(find(browser, "#line_attractor-C1_film_lstm"))
    find(browser, ".matrix a[href='#line_attractor-C1_film_lstm']")[0].click()
    assert is_shown(find(browser, "#line_attractor-C1_film_lstm"))

    # the filter leaves what it says, by verdict and by word
    find(browser, ".chips label:has([value='fails'])")[0].click()
    rows = is_shown(find(browser, "tr[data-verdict]"))
    assert [row.get_attribute("data-verdict") for row in rows] == ["fails"]
    assert find(browser, ".filter output")[0].text == "1 shown"
    find(browser, ".chips label:has([value=''])")[0].click()
    find(browser, ".filter [type='search']")[0].send_keys("film gru")
    rows = is_shown(find(browser, "tr[data-verdict]"))
    assert [row.get_attribute("id") for row in rows] == ["line_attractor-C1_film_gru"]
    assert "1.5…2.5" in rows[0].text

    # run times: longest first, then by name
    def jobs():
        return [cell.text for cell in find(browser, "#times-table td:first-child")]

    assert jobs() == ["b", "a"]
    find(browser, "#times-table [data-key='job']")[0].click()
    assert jobs() == ["a", "b"]

    # the switch turns the page dark, and light again
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(ground)
    find(browser, "#theme")[0].click()
    assert browser.execute_script(ground) != light

    assert browser.get_log("browser") == []
    assert {url.split(":")[0] for url in requested(browser)} <= {"file", "data"}


@pytest.fixture
def recorded(page):
    """The page with the records of a run beside it, of which fig2's picture is the one shown."""
    write_records(page.parent / "record")
    journal = next(
        path for path in (page.parent / "record").glob("*.jsonl") if '"fig2"' in path.read_text()
    )
    picture = page.parent / "line_attractor" / "figures" / "fig2.png"
    actual = hashlib.sha256(picture.read_bytes()).hexdigest()
    journal.write_text(journal.read_text().replace(sha(f"{FIGURES}/fig2.png"), actual))
    write_run(page.parent / "record")
    return page


def audited(page, verdicts):
    """An audit that found these files as said and all others intact."""
    said = [
        Change(verdict, "bytes", path, "a" * 64, "b" * 64, "as a test wants it")
        for path, verdict in verdicts.items()
    ]
    nodes = {
        output["path"]: Node(
            output["path"],
            "any",
            output["sha256"],
            1,
            verdicts.get(output["path"], "intact"),
            tuple(change for change in said if change.name == output["path"]),
            tuple(Link(output["path"], RAW, "", "", "intact") for each in record["inputs"]),
        )
        for record in records()
        for output in record["outputs"]
    } | {RAW: Node(RAW, "raw", sha(RAW), 1, "intact")}
    write_states(Report(tuple(nodes), nodes), page.parent)


def state(browser, name):
    (found,) = find(browser, f"[data-path='{FIGURES}/{name}.png']")
    return found.text


def opened(browser, figure):
    (summary,) = find(browser, f"#line_attractor-{figure} .origin > summary")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", summary)
    summary.click()
    return f"#line_attractor-{figure} .origin"


def test_a_reader_follows_a_figure_back_to_the_raw_bytes(recorded, browser):
    audited(recorded, {})
    resize(browser, 1280)
    browser.get(recorded.as_uri())
    assert state(browser, "fig2") == "intact"
    origin = opened(browser, "fig2")
    facts = find(browser, f"{origin} .facts")[0].text
    for words in ("intact by the audit of 20", "2026-01-01 10:03 UTC in 30.0 s", "0123456789ab",
                  "with changes that are not in it", "Reviews: home · MIT", "settings.units = 64",
                  "7.5 min with the 14 jobs before it", "seed 0"):  # fmt: skip
        assert words in facts
    steps = find(browser, f"{origin} .facts details")[0]
    steps.find_element("css selector", "summary").click()
    rules = {line.split(":")[0] for line in steps.text.splitlines() if ":" in line}
    assert rules == {"corpus", "train", "dynamics", "compare"}
    assert steps.text.count("settings.training.rate = 0.01") == 4
    boxes = find(browser, f"{origin} .box")
    assert [box.text.split("\n")[0] for box in boxes] == [
        "reviews.tar.gz", "film/corpus", "6 network files", "6 array files", "compared", "fig2",
    ]  # fmt: skip
    assert all(box.text.endswith("intact") for box in boxes)
    left = [box.rect["x"] for box in boxes]
    assert left == sorted(set(left))

    # each edge begins at the right of one box and ends at the left of another
    edges = browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((path) => {"
        "const box = path.ownerSVGElement.getBoundingClientRect(), n = path.getTotalLength();"
        "return [0, n].map((at) => path.getPointAtLength(at))"
        ".map((p) => [p.x + box.x, p.y + box.y])})",
        f"{origin} .edge",
    )
    ends = [(box.rect["x"], box.rect["x"] + box.rect["width"]) for box in boxes]
    found = {
        tuple(
            next(place for place, pair in enumerate(ends) if abs(pair[1 - side] - point[0]) < 1.5)
            for side, point in enumerate(edge)
        )
        for edge in edges
    }
    assert found == {(0, 1), (1, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 5)}

    # by keyboard alone: from box to box, open one, read the whole sum of the raw file
    browser.execute_script("arguments[0].focus()", boxes[0])
    assert len(find(browser, f"{origin} .edge.on")) == 1
    browser.switch_to.active_element.send_keys("\n")
    assert boxes[0].get_attribute("aria-pressed") == "true"
    panel = find(browser, f"{origin} .panel")[0]
    assert sha(RAW) in panel.text
    assert "MIT" in panel.text
    browser.switch_to.active_element.send_keys("\t")
    browser.switch_to.active_element.send_keys("\t")
    browser.switch_to.active_element.send_keys(" ")
    assert [line.split()[-1] for line in panel.text.splitlines()] == ["intact"] * 6
    assert browser.get_log("browser") == []
    assert {url.split(":")[0] for url in requested(browser)} <= {"file", "data"}


def test_what_an_audit_found_amiss_is_said_in_words_wherever_it_matters(recorded, browser):
    network = "results/demo/line_attractor/models/film_gru_3.safetensors"
    numbers = f"{FIGURES}/fig1.nc"
    audited(recorded, {network: "tampered", numbers: "stale"})
    resize(browser, 1280)
    browser.get(recorded.as_uri())
    assert state(browser, "fig2") == "intact; tampered further back"
    # the picture that this page shows is not the one that the job left
    assert state(browser, "fig1") == "not the picture on record"
    summary = find(browser, "#states")[0]
    assert re.match(
        r"Audited 20\S+ \S+ UTC, 23 files: 21 intact ?1 stale ?1 tampered", summary.text
    )
    find(browser, "#states summary")[0].click()
    assert "as a test wants it" in summary.text
    assert network in summary.text
    origin = opened(browser, "fig2")
    (box,) = [
        box for box in find(browser, f"{origin} .box") if "network" in box.text.split("\n")[0]
    ]
    assert box.text.endswith("1 tampered, 5 intact")
    assert find(browser, f"{origin} .box .mark.tampered")


def test_what_was_made_after_an_audit_counts_as_not_audited(recorded, browser):
    audited(recorded, {})
    states = recorded.parent / "record" / "audit.js"
    states.write_text(
        re.sub(r'"time": "[^"]+"', '"time": "2026-01-01T10:02:30Z"', states.read_text())
    )
    browser.get(recorded.as_uri())
    assert state(browser, "fig2") == "not audited"
    assert "made anew since" in find(browser, "#states")[0].text
    origin = opened(browser, "fig2")
    last = [box.text.split("\n")[-1] for box in find(browser, f"{origin} .box")]
    assert last == ["intact"] * 5 + ["not audited"]


def test_before_an_audit_the_page_says_which_command_shows_the_states(recorded, browser):
    browser.get(recorded.as_uri())
    assert "unrolled audit" in find(browser, "#states")[0].text
    assert state(browser, "fig2") == "not audited"
    origin = opened(browser, "fig2")
    assert f"unrolled audit {FIGURES}/fig2.png" in find(browser, f"{origin} .facts")[0].text
    assert browser.get_log("browser") == []


def test_a_figure_of_many_cells_lets_choose_whose_origin_is_drawn(recorded, browser):
    cells = ["figA_film_gru", "figA_film_lstm"]
    for name in cells:
        record = records()[14] | {"rule": name}
        text = json.dumps(record).replace("fig1.", f"{name}.")
        (recorded.parent / "record" / f"{name}.jsonl").write_text(text)
    write_run(recorded.parent / "record")
    browser.get(recorded.as_uri())
    origin = opened(browser, "figA")
    assert [one.text for one in find(browser, f"{origin} option")] == ["film · gru", "film · lstm"]
    assert find(browser, f"{origin} .box b")[0].text == cells[0]
    find(browser, f"{origin} option")[1].click()
    assert find(browser, f"{origin} .box b")[0].text == cells[1]


@pytest.mark.parametrize("width", [360, 390, 768])
def test_nothing_on_a_phone_needs_scrolling_sideways(recorded, browser, width):
    resize(browser, width, phone=True)
    browser.get(recorded.as_uri())
    for details in find(browser, "details"):
        browser.execute_script("arguments[0].open = true", details)
    for box in find(browser, ".box"):
        browser.execute_script("arguments[0].click()", box)
    for details in find(browser, ".panel details"):
        browser.execute_script("arguments[0].open = true", details)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    too_wide = browser.execute_script(
        "return Array.from(document.querySelectorAll('main *'))"
        ".filter((e) => !e.closest('.scroll, svg') && e.getBoundingClientRect().right"
        " > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"
    )
    assert too_wide == []
    assert browser.get_log("browser") == []


def test_alone_the_page_says_so_in_words(page, browser):
    browser.get(page.as_uri())
    assert "that file is not beside it" in find(browser, "#times-words")[0].text
    assert not find(browser, "#times-table")[0].is_displayed()
    assert "is not known here" in find(browser, "#states")[0].text
    assert {place.text for place in find(browser, ".state")} == {""}
    origin = opened(browser, "fig2")
    assert f"unrolled audit {FIGURES}/fig2.png" in find(browser, origin)[0].text
    assert not find(browser, ".chart")
    # nothing but the three files that are not there
    said = [entry["message"] for entry in browser.get_log("browser")]
    assert len(said) == 3
    assert all("ERR_FILE_NOT_FOUND" in message for message in said)
