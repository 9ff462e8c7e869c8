# Versions: the headline numbers for `dvc metrics`, and the run in DVC. `record` is not part of `all`.


localrules:
    summarise_metrics,
    record,


rule summarise_metrics:
    input:
        table=run.table("typographic", "json"),
        code=sources_of("summary"),
    output:
        summary=run.summary,
        records=records_of(run.summary),
    log:
        f"logs/{settings.experiment}/summarise_metrics.log",
    conda:
        "../../envs/figures.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        run=run_folder,
    message:
        "Writing the headline numbers"
    shell:
        "prefclip summary {params.run} > {log} 2>&1"


rule record:
    input:
        everything,
    log:
        f"logs/{settings.experiment}/record.log",
    conda:
        "../../envs/lineage.yaml"
    params:
        run=run_folder,
    message:
        "Recording the run with DVC; then commit dvc.lock with git and share the files with `dvc push`"
    shell:
        "prefclip dvc record {params.run} > {log} 2>&1"
