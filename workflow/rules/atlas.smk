# Claims judged, the gate that fails when they do, and the page. Included after the papers' rules:
# a paper is in the run when its rule file has filled FIGURES[<paper>] with its figures' names.
from unrolled.record.captions import caption_path

# Files of the repository by a path from the working folder, the same in every checkout.
ATLAS_FILES = os.path.relpath(ROOT / "workflow")
# Papers that have reference numbers at this scale.
ATLAS_REFERENCES = [
    os.path.join(ATLAS_FILES, "reference", SCALE, f"{paper}.json")
    for paper in FIGURES
    if (ROOT / "workflow" / "reference" / SCALE / f"{paper}.json").is_file()
]
ATLAS_FIGURES = [(paper, figure) for paper, names in FIGURES.items() for figure in names]


wildcard_constraints:
    paper="|".join(FIGURES),


rule judge:
    """Each claim of a paper judged by its number; always succeeds, the evidence stays."""
    input:
        claims=os.path.join(ATLAS_FILES, "claims", "{paper}.yaml"),
        metrics="<results>/{paper}/metrics.json",
    output:
        claims="<results>/{paper}/claims.json",
    log:
        "<logs>/{paper}/judge.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/atlas/claims.py"),
        scale=SCALE,
    script:
        "../../scripts/atlas/claims.py"


rule claims:
    """The gate: fails where a claim that is not only reported does not hold."""
    input:
        claims=expand("<results>/{paper}/claims.json", paper=FIGURES),
    log:
        "<logs>/atlas/claims.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/atlas/gate.py"),
    script:
        "../../scripts/atlas/gate.py"


rule atlas:
    """The page: every figure, every claim, every source."""
    input:
        claims=expand("<results>/{paper}/claims.json", paper=FIGURES),
        pictures=[f"<results>/{paper}/figures/{figure}.png" for paper, figure in ATLAS_FIGURES],
        tables=[
            f"<results>/{paper}/figures/{figure}.csv"
            for paper, figure in ATLAS_FIGURES
            if figure.startswith("tab")
        ],
        captions=[
            caption_path(os.path.join(ATLAS_FILES, "report", paper), figure)
            for paper, figure in ATLAS_FIGURES
        ],
        sources=os.path.join(ATLAS_FILES, "sources.yaml"),
        references=ATLAS_REFERENCES,
        teeth=os.path.join(ATLAS_FILES, "claims", "teeth.json"),
        faults=os.path.join(ATLAS_FILES, "faults.json"),
    output:
        page="<results>/index.html",
    log:
        "<logs>/atlas/page.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/atlas/page.py"),
        scale=SCALE,
        figures=FIGURES,
        settings=config,
    script:
        "../../scripts/atlas/page.py"
