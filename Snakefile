# The whole chain: data → attacks → preferences → training → evaluation → tables and figures.
#   snakemake --cores 2 all             the embedded world (default)
#   snakemake --profile slurm all       the paper's run on a cluster
from snakemake.utils import min_version

min_version("9.19")


# A file given with --configfile replaces the default; it is not merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config/embedded.yaml"


report: "workflow/report/workflow.rst"


wildcard_constraints:
    dataset="[A-Za-z0-9_-]+",
    model="[A-Za-z0-9_-]+",
    method="[A-Za-z0-9_-]+",
    seed=r"\d+",
    concept="[A-Za-z0-9_-]+",


include: "workflow/rules/run.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/attacks.smk"
include: "workflow/rules/preferences.smk"
include: "workflow/rules/training.smk"
include: "workflow/rules/evaluation.smk"
include: "workflow/rules/concepts.smk"
include: "workflow/rules/reporting.smk"
include: "workflow/rules/lineage.smk"


rule all:
    default_target: True
    input:
        rules.concepts.input,
        rules.tables.input,
        rules.figures.input,
        rules.summarise_metrics.output.summary,
        rules.build_report.output.page,
