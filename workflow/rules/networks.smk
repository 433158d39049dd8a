# Networks that read labelled documents, trained alike for every paper that has some. Included
# after the papers' rules, which fill RECIPES[<paper>] and MEMBERS[<paper>].


wildcard_constraints:
    cell="vanilla|ugrnn|gru|lstm|linear",
    chunk=r"\d+",


rule train:
    """A chunk of networks of one cell on one corpus, with their untrained and shuffled twins."""
    input:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
    output:
        networks="<results>/{paper}/models/{corpus}_{cell}_{chunk}.safetensors",
    log:
        "<logs>/{paper}/train_{corpus}_{cell}_{chunk}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/networks/train.py"),
        network=lookup(dpath="{paper}/network", within=config),
        recipe=lookup(dpath="{paper}/{corpus}_{cell}", within=RECIPES),
        members=lookup(dpath="{paper}/{corpus}/{chunk}", within=MEMBERS),
    script:
        "../../scripts/networks/train.py"
