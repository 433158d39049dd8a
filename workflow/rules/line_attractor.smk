# Reverse engineering recurrent networks for sentiment classification reveals line attractor
# dynamics (Maheswaranathan, Williams, Golub, Ganguli and Sussillo, NeurIPS 2019).
from unrolled.settings import recipe_for

LINE_ATTRACTOR = config["line_attractor"]
LA_POPULATION = LINE_ATTRACTOR["population"]
LA_CELLS = LA_POPULATION["cells"]
LA_NETWORKS = {corpus: n for corpus, n in LA_POPULATION["networks"].items() if n}
# Networks are trained in chunks: corpus -> chunk -> the numbers of its networks.
LA_CHUNKS = {
    corpus: {
        str(first // LA_POPULATION["chunk"]): list(
            range(first, min(first + LA_POPULATION["chunk"], n))
        )
        for first in range(0, n, LA_POPULATION["chunk"])
    }
    for corpus, n in LA_NETWORKS.items()
}
LA_CHUNK_NAMES = {corpus: list(chunks) for corpus, chunks in LA_CHUNKS.items()}
MEMBERS["line_attractor"] = LA_CHUNKS
RECIPES["line_attractor"] = {
    f"{corpus}_{cell}": recipe_for(
        LINE_ATTRACTOR["training"],
        "generated" if config["corpora"][corpus]["kind"] == "generated" else "documents",
        corpus=corpus,
        cell=cell,
    )
    for corpus in LA_NETWORKS
    for cell in [*LA_CELLS, "linear"]
}
# Every network that is analysed, best on validation first: corpus_cell_rank.
LA_ANALYSED = [
    f"{corpus}_{cell}_{rank}"
    for corpus, n in LA_NETWORKS.items()
    for cell in LA_CELLS
    for rank in range(min(n, LA_POPULATION["analysed"].get(corpus, 1)))
]
LA_PAIRS = [f"{corpus}_{cell}" for corpus in LA_NETWORKS for cell in LA_CELLS]
LA_HEADLINE = "_".join(LINE_ATTRACTOR["figures"]["headline"])
LA_ACTIVATIONS = "_".join(LINE_ATTRACTOR["figures"]["activations"])
LA_COLUMNS = ["_".join(pair) for pair in LINE_ATTRACTOR["figures"]["pairs"]]

FIGURES["line_attractor"] = [
    *(f"fig{number}" for number in range(1, 7)),
    "tab1",
    *(f"figA_{pair}" for pair in LA_PAIRS),
]


wildcard_constraints:
    rank=r"\d+",


rule line_attractor_bag_of_words:
    """Logistic regression on word counts, and the classes of words it defines (section 2)."""
    input:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
    output:
        analysis="<results>/line_attractor/analysis/{corpus}_bag_of_words.nc",
    log:
        "<logs>/line_attractor/bag_of_words_{corpus}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/bag_of_words.py"),
        settings=lookup(dpath="line_attractor/bag_of_words", within=config),
    script:
        "../../scripts/line_attractor/bag_of_words.py"


rule line_attractor_dynamics:
    """States, slow and fixed points, modes and projections of one network and its twins."""
    input:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
        bag_of_words="<results>/line_attractor/analysis/{corpus}_bag_of_words.nc",
        networks=collect(
            "<results>/line_attractor/models/{{corpus}}_{{cell}}_{chunk}.safetensors",
            chunk=lookup(dpath="{corpus}", within=LA_CHUNK_NAMES),
        ),
    output:
        trained="<results>/line_attractor/analysis/{corpus}_{cell}_{rank}/trained.nc",
        untrained="<results>/line_attractor/analysis/{corpus}_{cell}_{rank}/untrained.nc",
        shuffled="<results>/line_attractor/analysis/{corpus}_{cell}_{rank}/shuffled.nc",
    log:
        "<logs>/line_attractor/dynamics_{corpus}_{cell}_{rank}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/dynamics.py"),
        settings=lookup(dpath="line_attractor/dynamics", within=config),
    script:
        "../../scripts/line_attractor/dynamics.py"


rule line_attractor_table1:
    """Test accuracy of every network beside the bag of words (table 1)."""
    input:
        corpora=expand("<results>/data/{corpus}/corpus.nc", corpus=LA_NETWORKS),
        vocabularies=expand("<results>/data/{corpus}/vocabulary.csv", corpus=LA_NETWORKS),
        bags_of_words=expand(
            "<results>/line_attractor/analysis/{corpus}_bag_of_words.nc", corpus=LA_NETWORKS
        ),
        linear=[
            f"<results>/line_attractor/models/{corpus}_linear_{chunk}.safetensors"
            for corpus in LA_NETWORKS
            for chunk in LA_CHUNKS[corpus]
        ],
        trained=expand(
            "<results>/line_attractor/analysis/{network}/trained.nc", network=LA_ANALYSED
        ),
    output:
        table="<results>/line_attractor/analysis/table1.csv",
    log:
        "<logs>/line_attractor/table1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/table1.py"),
    script:
        "../../scripts/line_attractor/table1.py"


rule line_attractor_metrics:
    """Every number that a claim is judged by."""
    input:
        table="<results>/line_attractor/analysis/table1.csv",
        networks=expand(
            "<results>/line_attractor/analysis/{network}/{twin}.nc",
            network=LA_ANALYSED,
            twin=["trained", "untrained", "shuffled"],
        ),
    output:
        metrics="<results>/line_attractor/metrics.json",
    log:
        "<logs>/line_attractor/metrics.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/metrics.py", "workflow/claims/line_attractor.yaml"),
        pairs=[pair.split("_") for pair in LA_PAIRS],
        scale=SCALE,
    script:
        "../../scripts/line_attractor/metrics.py"


rule line_attractor_fig1:
    """Unit activations while reading a positive and a negative document."""
    input:
        analysis=f"<results>/line_attractor/analysis/{LA_ACTIVATIONS}_0/trained.nc",
    output:
        pdf="<results>/line_attractor/figures/fig1.pdf",
        png=report(
            "<results>/line_attractor/figures/fig1.png",
            caption="../report/line_attractor/fig1.rst",
            category="line_attractor",
            labels={"figure": "1"},
        ),
        data="<results>/line_attractor/figures/fig1.nc",
    log:
        "<logs>/line_attractor/fig1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig1.py"),
    script:
        "../../scripts/line_attractor/fig1.py"


rule line_attractor_fig2:
    """States, their dimension and the slow points they linger near."""
    input:
        trained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/trained.nc",
        untrained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/untrained.nc",
        shuffled=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/shuffled.nc",
    output:
        pdf="<results>/line_attractor/figures/fig2.pdf",
        png=report(
            "<results>/line_attractor/figures/fig2.png",
            caption="../report/line_attractor/fig2.rst",
            category="line_attractor",
            labels={"figure": "2"},
        ),
        data="<results>/line_attractor/figures/fig2.nc",
    log:
        "<logs>/line_attractor/fig2.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig2.py"),
    script:
        "../../scripts/line_attractor/fig2.py"


rule line_attractor_fig3:
    """Spectra and time constants along the line."""
    input:
        trained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/trained.nc",
    output:
        pdf="<results>/line_attractor/figures/fig3.pdf",
        png=report(
            "<results>/line_attractor/figures/fig3.png",
            caption="../report/line_attractor/fig3.rst",
            category="line_attractor",
            labels={"figure": "3"},
        ),
        data="<results>/line_attractor/figures/fig3.nc",
    log:
        "<logs>/line_attractor/fig3.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig3.py"),
    script:
        "../../scripts/line_attractor/fig3.py"


rule line_attractor_fig4:
    """What words do at the slow points: input projections and the integration mode."""
    input:
        trained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/trained.nc",
        untrained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/untrained.nc",
    output:
        pdf="<results>/line_attractor/figures/fig4.pdf",
        png=report(
            "<results>/line_attractor/figures/fig4.png",
            caption="../report/line_attractor/fig4.rst",
            category="line_attractor",
            labels={"figure": "4"},
        ),
        data="<results>/line_attractor/figures/fig4.nc",
    log:
        "<logs>/line_attractor/fig4.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig4.py"),
    script:
        "../../scripts/line_attractor/fig4.py"


rule line_attractor_fig5:
    """How well the linearised dynamics predict one step."""
    input:
        trained=f"<results>/line_attractor/analysis/{LA_HEADLINE}_0/trained.nc",
    output:
        pdf="<results>/line_attractor/figures/fig5.pdf",
        png=report(
            "<results>/line_attractor/figures/fig5.png",
            caption="../report/line_attractor/fig5.rst",
            category="line_attractor",
            labels={"figure": "5"},
        ),
        data="<results>/line_attractor/figures/fig5.nc",
    log:
        "<logs>/line_attractor/fig5.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig5.py"),
    script:
        "../../scripts/line_attractor/fig5.py"


rule line_attractor_fig6:
    """The same mechanism in other cells and corpora."""
    input:
        trained=expand("<results>/line_attractor/analysis/{pair}_0/trained.nc", pair=LA_COLUMNS),
        untrained=expand("<results>/line_attractor/analysis/{pair}_0/untrained.nc", pair=LA_COLUMNS),
    output:
        pdf="<results>/line_attractor/figures/fig6.pdf",
        png=report(
            "<results>/line_attractor/figures/fig6.png",
            caption="../report/line_attractor/fig6.rst",
            category="line_attractor",
            labels={"figure": "6"},
        ),
        data="<results>/line_attractor/figures/fig6.nc",
    log:
        "<logs>/line_attractor/fig6.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/fig6.py"),
        pairs=LA_COLUMNS,
    script:
        "../../scripts/line_attractor/fig6.py"


rule line_attractor_tab1:
    """Test accuracy of every cell on every corpus beside the paper's."""
    input:
        table="<results>/line_attractor/analysis/table1.csv",
        published=published("line_attractor", "table1.csv"),
    output:
        pdf="<results>/line_attractor/figures/tab1.pdf",
        png=report(
            "<results>/line_attractor/figures/tab1.png",
            caption="../report/line_attractor/tab1.rst",
            category="line_attractor",
            labels={"figure": "table 1"},
        ),
        data="<results>/line_attractor/figures/tab1.csv",
    log:
        "<logs>/line_attractor/tab1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/tab1.py"),
    script:
        "../../scripts/line_attractor/tab1.py"


rule line_attractor_figA_pair:
    """Eight panels for one cell on one corpus (appendix)."""
    input:
        trained="<results>/line_attractor/analysis/{corpus}_{cell}_0/trained.nc",
        untrained="<results>/line_attractor/analysis/{corpus}_{cell}_0/untrained.nc",
        shuffled="<results>/line_attractor/analysis/{corpus}_{cell}_0/shuffled.nc",
    output:
        pdf="<results>/line_attractor/figures/figA_{corpus}_{cell}.pdf",
        png=report(
            "<results>/line_attractor/figures/figA_{corpus}_{cell}.png",
            caption="../report/line_attractor/figA.rst",
            category="line_attractor",
            labels={"figure": "A {corpus} {cell}"},
        ),
        data="<results>/line_attractor/figures/figA_{corpus}_{cell}.nc",
    log:
        "<logs>/line_attractor/figA_{corpus}_{cell}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/line_attractor/figA.py"),
    script:
        "../../scripts/line_attractor/figA.py"


rule line_attractor_figA:
    """The eight panels for every cell on every corpus."""
    input:
        expand("<results>/line_attractor/figures/figA_{pair}.png", pair=LA_PAIRS),


rule line_attractor:
    """The whole paper: every figure, every claim judged."""
    input:
        expand("<results>/line_attractor/figures/{figure}.png", figure=FIGURES["line_attractor"]),
        "<results>/line_attractor/claims.json",
