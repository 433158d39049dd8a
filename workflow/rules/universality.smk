# Universality and individuality in neural dynamics across large populations of recurrent networks
# (Maheswaranathan, Williams, Golub, Ganguli and Sussillo, NeurIPS 2019).
from itertools import product

# A look-up goes through all that it is given: each job's goes through this paper's settings only.
UNIVERSALITY = config["universality"]
UN_POPULATION = UNIVERSALITY["population"]
UN_TASKS = list(UNIVERSALITY["tasks"])
# What networks of a task may differ in but their first weights: cell_nonlinearity_units_penalty.
UN_KINDS = [
    f"{cell}_{nonlinearity}_{units}_{penalty:g}"
    for cell, nonlinearity, units, penalty in product(
        UN_POPULATION["cells"],
        UN_POPULATION["nonlinearities"],
        UN_POPULATION["units"],
        UN_POPULATION["penalties"],
    )
]
# Networks are trained and analysed in chunks, a file for each: task -> chunk -> their numbers.
UN_MEMBERS = {
    task: {
        str(first // UN_POPULATION["chunk"]): list(
            range(first, min(first + UN_POPULATION["chunk"], n))
        )
        for first in range(0, n, UN_POPULATION["chunk"])
    }
    for task, n in UN_POPULATION["networks"].items()
}
UN_CHUNKS = {
    task: [f"{kind}_{chunk}" for kind in UN_KINDS for chunk in UN_MEMBERS[task]]
    for task in UN_TASKS
}

FIGURES["universality"] = ["fig1", "fig2", "fig3", "tab1", "figS1", "figS2", "figS3"]
# Networks that figures show, one of each cell and nonlinearity, of the first size and penalty:
# task -> cell_nonlinearity -> the file of its chunk.
UN_FIRST = f"{UN_POPULATION['units'][0]}_{UN_POPULATION['penalties'][0]:g}"
UN_SHOWN_CHUNK = UNIVERSALITY["figures"]["member"] // UN_POPULATION["chunk"]
UN_SHOWN = {
    task: {
        f"{cell}_{nonlinearity}": f"<results>/universality/analysis/{task}_{cell}_{nonlinearity}_{UN_FIRST}_{UN_SHOWN_CHUNK}.nc"
        for cell, nonlinearity in product(UN_POPULATION["cells"], UN_POPULATION["nonlinearities"])
    }
    for task in UN_TASKS
}


wildcard_constraints:
    task="|".join(UN_TASKS),
    nonlinearity="tanh|relu",
    units=r"\d+",
    penalty=r"\d[^_/]*",


rule universality_train:
    """A chunk of networks of one task, cell, nonlinearity, size and penalty, with their twins."""
    output:
        networks="<results>/universality/models/{task}_{cell}_{nonlinearity}_{units}_{penalty}_{chunk}.safetensors",
    log:
        "<logs>/universality/train_{task}_{cell}_{nonlinearity}_{units}_{penalty}_{chunk}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/train.py"),
        task=lookup(dpath="tasks/{task}", within=UNIVERSALITY),
        course=lookup(dpath="training/{task}", within=UNIVERSALITY),
        first_weights=lookup(dpath="training/first_weights", within=UNIVERSALITY),
        members=lookup(dpath="{task}/{chunk}", within=UN_MEMBERS),
        controls=UN_POPULATION["controls"],
        side_by_side=UN_POPULATION["side_by_side"],
    script:
        "../../scripts/universality/train.py"


rule universality_dynamics:
    """States, errors, fixed points and what leads from one to the other, for a chunk of networks."""
    input:
        networks="<results>/universality/models/{task}_{cell}_{nonlinearity}_{units}_{penalty}_{chunk}.safetensors",
    output:
        analysis="<results>/universality/analysis/{task}_{cell}_{nonlinearity}_{units}_{penalty}_{chunk}.nc",
    log:
        "<logs>/universality/dynamics_{task}_{cell}_{nonlinearity}_{units}_{penalty}_{chunk}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/dynamics.py"),
        task=lookup(dpath="tasks/{task}", within=UNIVERSALITY),
        evaluation=lookup(dpath="evaluation", within=UNIVERSALITY),
        settings=lookup(dpath="dynamics", within=UNIVERSALITY),
    script:
        "../../scripts/universality/dynamics.py"


rule universality_comparison:
    """All networks of a task compared: geometry, topology, maps of both, and clusters in them."""
    input:
        analyses=collect(
            "<results>/universality/analysis/{{task}}_{chunk}.nc",
            chunk=lookup(dpath="{task}", within=UN_CHUNKS),
        ),
    output:
        analysis="<results>/universality/analysis/{task}.nc",
    log:
        "<logs>/universality/comparison_{task}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/comparison.py"),
        settings=lookup(dpath="comparison", within=UNIVERSALITY),
    script:
        "../../scripts/universality/comparison.py"


rule universality_metrics:
    """Every number that a claim is judged by."""
    input:
        comparisons=expand("<results>/universality/analysis/{task}.nc", task=UN_TASKS),
    output:
        metrics="<results>/universality/metrics.json",
    log:
        "<logs>/universality/metrics.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/metrics.py"),
        steps={task: settings["steps"] for task, settings in UNIVERSALITY["tasks"].items()},
    script:
        "../../scripts/universality/metrics.py"


rule universality_fig1:
    """Memories of three bits differ in their states and agree in their fixed points."""
    input:
        compared="<results>/universality/analysis/memory.nc",
        shown=list(UN_SHOWN["memory"].values()),
    output:
        pdf="<results>/universality/figures/fig1.pdf",
        png=report(
            "<results>/universality/figures/fig1.png",
            caption="../report/universality/fig1.rst",
            category="universality",
            labels={"figure": "1"},
        ),
        data="<results>/universality/figures/fig1.nc",
    log:
        "<logs>/universality/fig1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/fig1.py"),
        figures=lookup(dpath="universality/figures", within=config),
    script:
        "../../scripts/universality/fig1.py"


rule universality_fig2:
    """Waves on command: cycles around a fixed point for each cue."""
    input:
        compared="<results>/universality/analysis/sine.nc",
        shown=list(UN_SHOWN["sine"].values()),
    output:
        pdf="<results>/universality/figures/fig2.pdf",
        png=report(
            "<results>/universality/figures/fig2.png",
            caption="../report/universality/fig2.rst",
            category="universality",
            labels={"figure": "2"},
        ),
        data="<results>/universality/figures/fig2.nc",
    log:
        "<logs>/universality/fig2.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/fig2.py"),
        figures=lookup(dpath="universality/figures", within=config),
    script:
        "../../scripts/universality/fig2.py"


rule universality_fig3:
    """Integration in context: along a line, by one mode or by several."""
    input:
        compared="<results>/universality/analysis/integration.nc",
        shown=list(UN_SHOWN["integration"].values()),
    output:
        pdf="<results>/universality/figures/fig3.pdf",
        png=report(
            "<results>/universality/figures/fig3.png",
            caption="../report/universality/fig3.rst",
            category="universality",
            labels={"figure": "3"},
        ),
        data="<results>/universality/figures/fig3.nc",
    log:
        "<logs>/universality/fig3.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/fig3.py"),
        figures=lookup(dpath="universality/figures", within=config),
    script:
        "../../scripts/universality/fig3.py"


rule universality_tab1:
    """Fixed points, saddles and edges of memories, counted."""
    input:
        compared="<results>/universality/analysis/memory.nc",
    output:
        pdf="<results>/universality/figures/tab1.pdf",
        png=report(
            "<results>/universality/figures/tab1.png",
            caption="../report/universality/tab1.rst",
            category="universality",
            labels={"figure": "table 1"},
        ),
        data="<results>/universality/figures/tab1.csv",
    log:
        "<logs>/universality/tab1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/tab1.py"),
    script:
        "../../scripts/universality/tab1.py"


rule universality_figS1:
    """How well every network does its task, and which are excluded."""
    input:
        comparisons=expand("<results>/universality/analysis/{task}.nc", task=UN_TASKS),
    output:
        pdf="<results>/universality/figures/figS1.pdf",
        png=report(
            "<results>/universality/figures/figS1.png",
            caption="../report/universality/figS1.rst",
            category="universality",
            labels={"figure": "S1"},
        ),
        data="<results>/universality/figures/figS1.nc",
    log:
        "<logs>/universality/figS1.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/figS1.py"),
    script:
        "../../scripts/universality/figS1.py"


rule universality_figS2:
    """Cells and nonlinearities told from distances, against permuted labels."""
    input:
        comparisons=expand("<results>/universality/analysis/{task}.nc", task=UN_TASKS),
    output:
        pdf="<results>/universality/figures/figS2.pdf",
        png=report(
            "<results>/universality/figures/figS2.png",
            caption="../report/universality/figS2.rst",
            category="universality",
            labels={"figure": "S2"},
        ),
        data="<results>/universality/figures/figS2.nc",
    log:
        "<logs>/universality/figS2.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/figS2.py"),
        settings=lookup(dpath="universality/comparison", within=config),
    script:
        "../../scripts/universality/figS2.py"


rule universality_figS3:
    """What clusters depend on: components, sizes and penalties."""
    input:
        comparisons=expand("<results>/universality/analysis/{task}.nc", task=UN_TASKS),
    output:
        pdf="<results>/universality/figures/figS3.pdf",
        png=report(
            "<results>/universality/figures/figS3.png",
            caption="../report/universality/figS3.rst",
            category="universality",
            labels={"figure": "S3"},
        ),
        data="<results>/universality/figures/figS3.nc",
    log:
        "<logs>/universality/figS3.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/universality/figS3.py"),
        settings=lookup(dpath="universality/comparison", within=config),
    script:
        "../../scripts/universality/figS3.py"


rule universality:
    """The whole paper: every figure, every claim judged."""
    input:
        expand("<results>/universality/figures/{figure}.png", figure=FIGURES["universality"]),
        "<results>/universality/claims.json",
