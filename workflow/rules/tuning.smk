# The search for settings: the same number of trials for every trained method, chosen on validation pictures.
# `snakemake tune` makes it; docs/tuning.md says how what it chose comes into a configuration.
validated = declared("validate")
chosen = declared("choose")


localrules:
    choose_settings,
    tune,


rule validate_model:
    input:
        unpack(validated.input),
    output:
        **validated.output,
    log:
        validated.log,
    benchmark:
        validated.benchmark
    wildcard_constraints:
        method=one_of(["clip", *(trial.name for trial in settings.trials)]),
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(60, 120),
        gpu=gpus,
    params:
        **validated.params,
        launch=launcher_of,
    message:
        "Scoring {wildcards.method} on validation pictures"
    shell:
        validated.shell


rule choose_settings:
    input:
        unpack(chosen.input),
    output:
        **chosen.output,
    log:
        chosen.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **chosen.params,
    message:
        "Choosing each method's settings"
    shell:
        chosen.shell


rule tune:
    input:
        page_parts(settings, run, "tuning").all,
        rules.choose_settings.output.chosen if settings.trials else [],
