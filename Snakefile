# The front door: settings, rules, and what a person asks for by name.
#   snakemake --cores all                     everything at demo scale
#   snakemake --cores all line_attractor      one paper
#   snakemake --cores all line_attractor_fig2 one figure
#   snakemake -n                              what would be made, and why
from snakemake.utils import min_version

min_version("9.27")


report: "workflow/report/workflow.rst"


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/line_attractor.smk"
include: "workflow/rules/contextual_sentiment.smk"
include: "workflow/rules/universality.smk"
include: "workflow/rules/networks.smk"
include: "workflow/rules/atlas.smk"
include: "workflow/rules/export.smk"


rule all:
    """Every figure, every claim judged, and the page that shows them."""
    default_target: True
    input:
        rules.line_attractor.input,
        "<results>/index.html",
