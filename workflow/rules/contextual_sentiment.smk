# How recurrent neural networks implement contextual processing in sentiment analysis
# (Maheswaranathan and Sussillo, ICML 2020).
from unrolled.settings import recipe_for

CONTEXTUAL_SENTIMENT = config["contextual_sentiment"]
CS_POPULATION = CONTEXTUAL_SENTIMENT["population"]
CS_WRITTEN = CS_POPULATION["written"]
CS_TOY = CONTEXTUAL_SENTIMENT["toy"]["corpus"]
MEMBERS["contextual_sentiment"] = {
    corpus: {"0": list(range(CS_POPULATION["number"]))} for corpus in CS_POPULATION["networks"]
}
RECIPES["contextual_sentiment"] = {
    f"{corpus}_{cell}": recipe_for(
        CONTEXTUAL_SENTIMENT["training"], "generated", corpus=corpus, cell=cell
    )
    for corpus, cells in CS_POPULATION["networks"].items()
    for cell in cells
}
# Pairs of corpus and cell; written documents are read by the first paper's networks.
CS_GENERATED = list(RECIPES["contextual_sentiment"])
CS_PAIRS = [*CS_GENERATED, *(f"{corpus}_gru" for corpus in CS_WRITTEN)]
# Every network that is analysed, best on validation first: corpus_cell_rank.
CS_ANALYSED = [
    f"{pair}_{rank}" for pair in CS_PAIRS for rank in range(CS_POPULATION["analysed"].get(pair, 1))
]
CS_MODELS = {
    network: [f"<results>/contextual_sentiment/models/{network}_0.safetensors"]
    for network in CS_GENERATED
} | {
    f"{corpus}_gru": [
        f"<results>/line_attractor/models/{corpus}_gru_{chunk}.safetensors"
        for chunk in MEMBERS["line_attractor"][corpus]
    ]
    for corpus in CS_WRITTEN
}
# Words of written documents get their classes from the first paper's bag of words.
CS_BAGS = {
    corpus: [f"<results>/line_attractor/analysis/{corpus}_bag_of_words.nc"] for corpus in CS_WRITTEN
}  # Corpora on which bags of words are compared with the GRU.
CS_LADDERS = ["ctx", *CS_WRITTEN]
# Networks that figures show: the GRUs of the generated language, best first, the other cells
# beside them, and one network of written documents.
CS_SHOWN = "ctx_gru_0"
CS_SHOWN_ALL = [network for network in CS_ANALYSED if network.rpartition("_")[0] == "ctx_gru"]
CS_CONTROLS = [one for one in CS_ANALYSED if one.rpartition("_")[0] == "ctx_nopos_gru"]
CS_SHOWN_CELLS = [f"ctx_{cell}_0" for cell in CS_POPULATION["networks"]["ctx"] if cell != "gru"]
CS_WRITTEN_CORPUS = CONTEXTUAL_SENTIMENT["figures"]["written"]
CS_SHOWN_WRITTEN = f"{CS_WRITTEN_CORPUS}_gru_0"

FIGURES["contextual_sentiment"] = [
    "fig_probe",
    "fig2",
    "fig_modjac",
    "fig_modsub",
    "fig_perturb",
    "fig_time",
    "fig_begin_end",
    "tab_bow",
    "fig_truth",
    "s11",
    "s12",
    "s13",
    "s14",
]


rule contextual_sentiment_modifiers:
    """Which words of a network change others, and how; its twins for comparison."""
    input:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
        networks=lookup(dpath="{corpus}_{cell}", within=CS_MODELS),
        bag_of_words=lookup(dpath="{corpus}", within=CS_BAGS, default=[]),
    output:
        trained="<results>/contextual_sentiment/analysis/{corpus}_{cell}_{rank}/trained.nc",
        untrained="<results>/contextual_sentiment/analysis/{corpus}_{cell}_{rank}/untrained.nc",
        shuffled="<results>/contextual_sentiment/analysis/{corpus}_{cell}_{rank}/shuffled.nc",
    log:
        "<logs>/contextual_sentiment/modifiers_{corpus}_{cell}_{rank}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/modifiers.py"),
        settings=lookup(dpath="contextual_sentiment/dynamics", within=config),
        sentences=lookup(dpath="contextual_sentiment/figures/sentences/{corpus}", within=config),
    script:
        "../../scripts/contextual_sentiment/modifiers.py"


rule contextual_sentiment_train_toy:
    """A GRU that tells the running score of reviews in the toy language, and its untrained twin."""
    input:
        corpus=f"<results>/data/{CS_TOY}/corpus.nc",
        vocabulary=f"<results>/data/{CS_TOY}/vocabulary.csv",
    output:
        networks="<results>/contextual_sentiment/models/toy.safetensors",
    log:
        "<logs>/contextual_sentiment/train_toy.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/train_toy.py"),
        settings=lookup(dpath="contextual_sentiment/toy", within=config),
    script:
        "../../scripts/contextual_sentiment/train_toy.py"


rule contextual_sentiment_toy:
    """Phrases of the toy language: predictions, modes, and modes taken out."""
    input:
        corpus=f"<results>/data/{CS_TOY}/corpus.nc",
        vocabulary=f"<results>/data/{CS_TOY}/vocabulary.csv",
        networks="<results>/contextual_sentiment/models/toy.safetensors",
    output:
        analysis="<results>/contextual_sentiment/analysis/toy.nc",
    log:
        "<logs>/contextual_sentiment/toy.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/toy.py"),
        toy=lookup(dpath="contextual_sentiment/toy", within=config),
        dynamics=lookup(dpath="contextual_sentiment/dynamics", within=config),
    script:
        "../../scripts/contextual_sentiment/toy.py"


rule contextual_sentiment_baselines:
    """Bags of words that know the modifiers that the GRU has, and what they recover of it."""
    input:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
        network="<results>/contextual_sentiment/analysis/{corpus}_gru_0/trained.nc",
    output:
        analysis="<results>/contextual_sentiment/analysis/{corpus}_baselines.nc",
    log:
        "<logs>/contextual_sentiment/baselines_{corpus}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/baselines.py"),
        settings=lookup(dpath="contextual_sentiment/baselines", within=config),
    script:
        "../../scripts/contextual_sentiment/baselines.py"


rule contextual_sentiment_metrics:
    """Every number that a claim is judged by."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
        networks=expand(
            "<results>/contextual_sentiment/analysis/{network}/{twin}.nc",
            network=CS_ANALYSED,
            twin=["trained", "untrained", "shuffled"],
        ),
        baselines=expand(
            "<results>/contextual_sentiment/analysis/{corpus}_baselines.nc", corpus=CS_LADDERS
        ),
    output:
        metrics="<results>/contextual_sentiment/metrics.json",
    log:
        "<logs>/contextual_sentiment/metrics.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/metrics.py"),
    script:
        "../../scripts/contextual_sentiment/metrics.py"


rule contextual_sentiment_fig_probe:
    """Plain, negated and intensified sentences word by word, and in the line attractor alone."""
    input:
        trained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN}/trained.nc",
        written=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/trained.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_probe.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_probe.png",
            caption="../report/contextual_sentiment/fig_probe.rst",
            category="contextual_sentiment",
            labels={"figure": "probe"},
        ),
        data="<results>/contextual_sentiment/figures/fig_probe.nc",
    log:
        "<logs>/contextual_sentiment/fig_probe.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_probe.py"),
    script:
        "../../scripts/contextual_sentiment/fig_probe.py"


rule contextual_sentiment_fig_modjac:
    """Words by their change of the input Jacobian, and word effects behind them."""
    input:
        trained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN}/trained.nc",
        untrained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN}/untrained.nc",
        shuffled=f"<results>/contextual_sentiment/analysis/{CS_SHOWN}/shuffled.nc",
        written_trained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/trained.nc",
        written_untrained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/untrained.nc",
        written_shuffled=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/shuffled.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_modjac.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_modjac.png",
            caption="../report/contextual_sentiment/fig_modjac.rst",
            category="contextual_sentiment",
            labels={"figure": "input Jacobian"},
        ),
        data="<results>/contextual_sentiment/figures/fig_modjac.nc",
    log:
        "<logs>/contextual_sentiment/fig_modjac.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_modjac.py"),
    script:
        "../../scripts/contextual_sentiment/fig_modjac.py"


rule contextual_sentiment_fig_modsub:
    """The modifier subspace, and how deflections into it decay."""
    input:
        trained=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_SHOWN_ALL
        ),
        cells=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_SHOWN_CELLS
        ),
        written=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/trained.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_modsub.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_modsub.png",
            caption="../report/contextual_sentiment/fig_modsub.rst",
            category="contextual_sentiment",
            labels={"figure": "modifier subspace"},
        ),
        data="<results>/contextual_sentiment/figures/fig_modsub.nc",
    log:
        "<logs>/contextual_sentiment/fig_modsub.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_modsub.py"),
    script:
        "../../scripts/contextual_sentiment/fig_modsub.py"


rule contextual_sentiment_fig_perturb:
    """Gains and accuracy of networks that are kept out of the modifier subspace."""
    input:
        trained=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_SHOWN_ALL
        ),
        written=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/trained.nc",
        ladders=[
            "<results>/contextual_sentiment/analysis/ctx_baselines.nc",
            f"<results>/contextual_sentiment/analysis/{CS_WRITTEN_CORPUS}_baselines.nc",
        ],
    output:
        pdf="<results>/contextual_sentiment/figures/fig_perturb.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_perturb.png",
            caption="../report/contextual_sentiment/fig_perturb.rst",
            category="contextual_sentiment",
            labels={"figure": "removal"},
        ),
        data="<results>/contextual_sentiment/figures/fig_perturb.nc",
    log:
        "<logs>/contextual_sentiment/fig_perturb.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_perturb.py"),
    script:
        "../../scripts/contextual_sentiment/fig_perturb.py"


rule contextual_sentiment_fig_time:
    """Strength and time scale of each modifier."""
    input:
        trained=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_SHOWN_ALL
        ),
        cells=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc",
            network=CS_SHOWN_CELLS[-2:],
        ),
        written=f"<results>/contextual_sentiment/analysis/{CS_SHOWN_WRITTEN}/trained.nc",
        ladder="<results>/contextual_sentiment/analysis/ctx_baselines.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_time.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_time.png",
            caption="../report/contextual_sentiment/fig_time.rst",
            category="contextual_sentiment",
            labels={"figure": "time"},
        ),
        data="<results>/contextual_sentiment/figures/fig_time.nc",
    log:
        "<logs>/contextual_sentiment/fig_time.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_time.py"),
    script:
        "../../scripts/contextual_sentiment/fig_time.py"


rule contextual_sentiment_fig_begin_end:
    """What a word counts near the beginning and the end."""
    input:
        trained=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_SHOWN_ALL
        ),
        controls=expand(
            "<results>/contextual_sentiment/analysis/{network}/trained.nc", network=CS_CONTROLS
        ),
        ladder="<results>/contextual_sentiment/analysis/ctx_baselines.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_begin_end.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_begin_end.png",
            caption="../report/contextual_sentiment/fig_begin_end.rst",
            category="contextual_sentiment",
            labels={"figure": "begin and end"},
        ),
        data="<results>/contextual_sentiment/figures/fig_begin_end.nc",
    log:
        "<logs>/contextual_sentiment/fig_begin_end.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_begin_end.py"),
    script:
        "../../scripts/contextual_sentiment/fig_begin_end.py"


rule contextual_sentiment_tab_bow:
    """Bags of words that know context, beside the network."""
    input:
        ladders=expand(
            "<results>/contextual_sentiment/analysis/{corpus}_baselines.nc", corpus=CS_LADDERS
        ),
    output:
        pdf="<results>/contextual_sentiment/figures/tab_bow.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/tab_bow.png",
            caption="../report/contextual_sentiment/tab_bow.rst",
            category="contextual_sentiment",
            labels={"figure": "table"},
        ),
        data="<results>/contextual_sentiment/figures/tab_bow.csv",
    log:
        "<logs>/contextual_sentiment/tab_bow.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/tab_bow.py"),
    script:
        "../../scripts/contextual_sentiment/tab_bow.py"


rule contextual_sentiment_fig_truth:
    """What was recovered of the truth of the generated language."""
    input:
        trained=f"<results>/contextual_sentiment/analysis/{CS_SHOWN}/trained.nc",
        ladder="<results>/contextual_sentiment/analysis/ctx_baselines.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig_truth.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig_truth.png",
            caption="../report/contextual_sentiment/fig_truth.rst",
            category="contextual_sentiment",
            labels={"figure": "truth"},
        ),
        data="<results>/contextual_sentiment/figures/fig_truth.nc",
    log:
        "<logs>/contextual_sentiment/fig_truth.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig_truth.py"),
    script:
        "../../scripts/contextual_sentiment/fig_truth.py"


rule contextual_sentiment_fig2:
    """Phrases of the toy language among the slow points."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/fig2.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/fig2.png",
            caption="../report/contextual_sentiment/fig2.rst",
            category="contextual_sentiment",
            labels={"figure": "2"},
        ),
        data="<results>/contextual_sentiment/figures/fig2.nc",
    log:
        "<logs>/contextual_sentiment/fig2.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/fig2.py"),
    script:
        "../../scripts/contextual_sentiment/fig2.py"


rule contextual_sentiment_s11:
    """Spectra where modifiers take the state of the toy language's network."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/s11.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/s11.png",
            caption="../report/contextual_sentiment/s11.rst",
            category="contextual_sentiment",
            labels={"figure": "S11"},
        ),
        data="<results>/contextual_sentiment/figures/s11.nc",
    log:
        "<logs>/contextual_sentiment/s11.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/s11.py"),
    script:
        "../../scripts/contextual_sentiment/s11.py"


rule contextual_sentiment_s12:
    """What the input Jacobian foretells of sixteen phrases."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/s12.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/s12.png",
            caption="../report/contextual_sentiment/s12.rst",
            category="contextual_sentiment",
            labels={"figure": "S12"},
        ),
        data="<results>/contextual_sentiment/figures/s12.nc",
    log:
        "<logs>/contextual_sentiment/s12.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/s12.py"),
    script:
        "../../scripts/contextual_sentiment/s12.py"


rule contextual_sentiment_s13:
    """Which modes read the deflection of each modifier."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/s13.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/s13.png",
            caption="../report/contextual_sentiment/s13.rst",
            category="contextual_sentiment",
            labels={"figure": "S13"},
        ),
        data="<results>/contextual_sentiment/figures/s13.nc",
    log:
        "<logs>/contextual_sentiment/s13.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/s13.py"),
    script:
        "../../scripts/contextual_sentiment/s13.py"


rule contextual_sentiment_s14:
    """The effect of modifiers as modes are taken out."""
    input:
        toy="<results>/contextual_sentiment/analysis/toy.nc",
    output:
        pdf="<results>/contextual_sentiment/figures/s14.pdf",
        png=report(
            "<results>/contextual_sentiment/figures/s14.png",
            caption="../report/contextual_sentiment/s14.rst",
            category="contextual_sentiment",
            labels={"figure": "S14"},
        ),
        data="<results>/contextual_sentiment/figures/s14.nc",
    log:
        "<logs>/contextual_sentiment/s14.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/contextual_sentiment/s14.py"),
    script:
        "../../scripts/contextual_sentiment/s14.py"


rule contextual_sentiment:
    """The whole paper: every figure, every claim judged."""
    input:
        expand(
            "<results>/contextual_sentiment/figures/{figure}.png",
            figure=FIGURES["contextual_sentiment"],
        ),
        "<results>/contextual_sentiment/claims.json",
