# Tables, figures and pages, from what the other steps measured. The targets `concepts` and `ablations` make those of
# the concept maps and of the sweeps; `all` leaves the sweeps out.
from prefclip.reporting.figures import figure_caption
from prefclip.reporting.report.contents import page_parts


localrules:
    make_table,
    draw_figure,
    summarise_metrics,
    judge_claims,
    judge_swept_claims,
    build_report,
    build_ablations_page,
    tables,
    figures,
    concepts,
    ablations,


tabulated = declared("table")
drawn = declared("figure")
summarised = declared("summary")
judged = declared("judge_claims", ablations=False)
judged_by_sweeps = declared("judge_claims", ablations=True)
explored = declared("explore")
reported = declared("report", ablations=False)
swept = declared("report", ablations=True)


rule make_table:
    input:
        unpack(tabulated.input),
    output:
        **shown(tabulated, "md", "table", "Tables", table="{table}"),
    log:
        tabulated.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **tabulated.params,
    message:
        "Writing the table {wildcards.table}"
    shell:
        tabulated.shell


rule draw_figure:
    input:
        unpack(drawn.input),
    output:
        **shown(drawn, "png", "figure", "Figures", figure="{figure}"),
    log:
        drawn.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        **drawn.params,
        caption=lambda wildcards: figure_caption(wildcards.figure, settings),
    message:
        "Drawing the figure {wildcards.figure}"
    shell:
        drawn.shell


rule summarise_metrics:
    input:
        unpack(summarised.input),
    output:
        **summarised.output,
    log:
        summarised.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **summarised.params,
    message:
        "Writing the headline numbers"
    shell:
        summarised.shell


rule judge_claims:
    input:
        unpack(judged.input),
    output:
        **judged.output,
    log:
        judged.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **judged.params,
    message:
        "Judging the paper's claims"
    shell:
        judged.shell


use rule judge_claims as judge_swept_claims with:
    input:
        unpack(judged_by_sweeps.input),
    output:
        **judged_by_sweeps.output,
    log:
        judged_by_sweeps.log,
    params:
        **judged_by_sweeps.params,
    message:
        "Judging the claims that need the sweeps"


rule explore_images:
    input:
        unpack(explored.input),
    output:
        **explored.output,
    log:
        explored.log,
    benchmark:
        explored.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 16000),
        runtime=growing(30, 60),
        gpu=gpus,
    params:
        **explored.params,
    message:
        "Asking every method about a few pictures"
    shell:
        explored.shell


# The lineage graph beside the page is drawn by an audit and therefore has no record.
rule build_report:
    input:
        unpack(reported.input),
    output:
        **reported.output,
    log:
        reported.log,
    benchmark:
        reported.benchmark
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        **reported.params,
    message:
        "Building the report"
    shell:
        reported.shell + f" && prefclip audit report {run.root} >> {{log}} 2>&1"


use rule build_report as build_ablations_page with:
    input:
        unpack(swept.input),
    output:
        **swept.output,
    log:
        swept.log,
    benchmark:
        swept.benchmark
    params:
        **swept.params,
    message:
        "Building the page of the ablations"


rule tables:
    input:
        page_parts(settings, run, "main").tables,


rule figures:
    input:
        page_parts(settings, run, "main").figures,


rule concepts:
    input:
        page_parts(settings, run, "concepts").all,


rule ablations:
    input:
        page_parts(settings, run, "ablations").all,
        rules.build_ablations_page.output.page,
