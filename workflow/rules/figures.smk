# Tables and figures from the metrics, predictions and training logs of the run.
TABLES = table_names(settings)
TABLE_FORMS = ["csv", "md", "tex", "cells.json"]
FIGURES = figure_names(settings, "main")


localrules:
    make_table,
    draw_figure,
    tables,
    figures,


rule make_table:
    input:
        numbers=inputs_of_table,
        code=sources_of("table"),
    output:
        csv=run.table("{table}", "csv"),
        tex=run.table("{table}", "tex"),
        cells=run.table("{table}", "cells.json"),
        records=records_of(*(run.table("{table}", form) for form in TABLE_FORMS)),
        md=report(
            run.table("{table}", "md"), caption="../report/table.rst", category="Tables", labels={"table": "{table}"}
        ),
    log:
        f"logs/{settings.experiment}/make_table/{{table}}.log",
    wildcard_constraints:
        table="|".join(TABLES),
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "methods", "evaluation"),
    message:
        "Writing the table {wildcards.table}"
    shell:
        "prefclip table {params.run} {wildcards.table} > {log} 2>&1"


rule draw_figure:
    input:
        drawn=inputs_of_figure,
        code=sources_of("figure"),
    output:
        pdf=run.figure("{figure}", "pdf"),
        png=report(
            run.figure("{figure}", "png"),
            caption="../report/figure.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        records=records_of(run.figure("{figure}", "pdf"), run.figure("{figure}", "png")),
    log:
        f"logs/{settings.experiment}/draw_figure/{{figure}}.log",
    wildcard_constraints:
        figure="|".join(FIGURES),
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        run=run_folder,
        settings=lambda wildcards: section("data", "methods", "evaluation"),
    message:
        "Drawing the figure {wildcards.figure}"
    shell:
        "prefclip figure {params.run} {wildcards.figure} > {log} 2>&1"


rule tables:
    input:
        expand(run.table("{table}", "{form}"), table=TABLES, form=TABLE_FORMS),


rule figures:
    input:
        expand(run.figure("{figure}", "{form}"), figure=FIGURES, form=["pdf", "png"]),
