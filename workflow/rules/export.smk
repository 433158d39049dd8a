# What leaves the house: a crate for other programs, an archive for strangers. Neither is part of
# `all`, and neither is an output to Snakemake: they follow from the records, which a rebuild of the
# same bytes changes. So each is made anew whenever it is asked for.


rule crate:
    """The run as an RO-Crate, beside the results."""
    input:
        rules.atlas.input,
        page="<results>/index.html",
    log:
        "<logs>/atlas/crate.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/atlas/crate.py"),
        scale=SCALE,
    script:
        "../../scripts/atlas/crate.py"


rule archive:
    """Code, results, records and crate in one file, to be checked without running anything."""
    input:
        rules.atlas.input,
        page="<results>/index.html",
    log:
        "<logs>/atlas/archive.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/atlas/archive.py"),
        scale=SCALE,
    script:
        "../../scripts/atlas/archive.py"
