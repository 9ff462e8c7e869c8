# One job evaluates all data sets of one model, so that torch is imported once; others say where it looks, and what it
# puts next to what.


localrules:
    check_clip,


evaluated = declared("evaluate")
compared = declared("check_clip")
explained = declared("saliency")
embedded = declared("embed")


rule evaluate_model:
    input:
        unpack(evaluated.input),
    output:
        **evaluated.output,
    log:
        evaluated.log,
    benchmark:
        evaluated.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(120, 240),
        gpu=gpus,
    params:
        **evaluated.params,
        launch=launcher_of,
    message:
        "Evaluating {wildcards.method} (seed {wildcards.seed}) on its data sets"
    shell:
        evaluated.shell


rule check_clip:
    input:
        unpack(compared.input),
    output:
        **compared.output,
    log:
        compared.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **compared.params,
    message:
        "Comparing the untouched CLIP with published accuracies"
    shell:
        compared.shell


rule measure_saliency:
    input:
        unpack(explained.input),
    output:
        **explained.output,
    log:
        explained.log,
    benchmark:
        explained.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(60, 240),
        gpu=gpus,
    params:
        **explained.params,
    message:
        "Measuring where {wildcards.method} looks"
    shell:
        explained.shell


rule embed_pictures:
    input:
        unpack(embedded.input),
    output:
        **embedded.output,
    log:
        embedded.log,
    benchmark:
        embedded.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(30, 60),
        gpu=gpus,
    params:
        **embedded.params,
    message:
        "Embedding test pictures with {wildcards.method}"
    shell:
        embedded.shell
