# Raw files and the corpora made of them; generated corpora need no file.
import re

import yaml

# Every raw file, by the name it has in resources/; citations and licences make none stale.
SOURCES = yaml.safe_load((ROOT / "workflow" / "sources.yaml").read_text(encoding="utf-8"))
RAW_FILES = {
    source["file"]: {key: source[key] for key in ("file", "sha256", "bytes", "home", "fetch")}
    for source in SOURCES.values()
}
CORPUS_SOURCES = {
    corpus: SOURCES.get(settings["kind"], {}) for corpus, settings in config["corpora"].items()
}
CORPUS_ARCHIVES = {
    corpus: [f"resources/{source['file']}"] if source else []
    for corpus, source in CORPUS_SOURCES.items()
}


wildcard_constraints:
    corpus="|".join(map(re.escape, config["corpora"])),
    raw_file="|".join(map(re.escape, RAW_FILES)),


rule fetch:
    """One raw file from its home, checked; kept in resources/downloads as well."""
    output:
        file="resources/{raw_file}",
    log:
        "<logs>/data/fetch_{raw_file}.log",
    localrule: True
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/data/fetch.py"),
        source=lookup(dpath="{raw_file}", within=RAW_FILES),
        downloads="resources/downloads",
    script:
        "../../scripts/data/fetch.py"


rule corpus:
    """Labelled documents as numbers, with their vocabulary."""
    input:
        archives=lookup(dpath="{corpus}", within=CORPUS_ARCHIVES),
    output:
        corpus="<results>/data/{corpus}/corpus.nc",
        vocabulary="<results>/data/{corpus}/vocabulary.csv",
    log:
        "<logs>/data/corpus_{corpus}.log",
    conda:
        "../../envs/python.yaml"
    threads: 1
    params:
        *code_of("scripts/data/corpus.py"),
        settings=lookup(dpath="corpora/{corpus}", within=config),
        source=lookup(dpath="{corpus}", within=CORPUS_SOURCES),
    script:
        "../../scripts/data/corpus.py"


rule corpora:
    """Every corpus of the settings."""
    input:
        expand("<results>/data/{corpus}/corpus.nc", corpus=config["corpora"]),


rule raw_files:
    """Everything that needs a network, for a machine that later has none."""
    input:
        sorted({file for files in CORPUS_ARCHIVES.values() for file in files}),
