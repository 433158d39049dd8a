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

FIGURES["universality"] = []


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
