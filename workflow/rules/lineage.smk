# The run in DVC, and the embedded base model again from its images: neither is part of `all`.


localrules:
    record,


rule record:
    input:
        recordable,
    log:
        f"logs/{settings.experiment}/record.log",
    conda:
        "../../envs/prefclip.yaml"
    params:
        run=run.root,
    message:
        "Recording the run with DVC; then commit dvc.lock with git and share the files with `dvc push`"
    shell:
        "prefclip dvc record {params.run} > {log} 2>&1"


rule pretrain:
    input:
        "resources/embedded/emoji.parquet",
        "resources/embedded/classes.yaml",
    output:
        weights="results/pretraining/emoji-clip.safetensors",
        record="results/pretraining/training_record.csv",
    log:
        "logs/pretrain.log",
    benchmark:
        "benchmarks/pretrain.tsv"
    conda:
        "../../envs/prefclip.yaml"
    threads: 2
    resources:
        mem_mb=5000,
        runtime=60,
    message:
        "Pretraining emoji-clip (about 38 minutes on two cores)"
    shell:
        "prefclip pretrain --output {output.weights} --record {output.record} --threads {threads} > {log} 2>&1"


rule distil_twin:
    input:
        "resources/embedded/emoji.parquet",
        "resources/embedded/classes.yaml",
        teacher="resources/embedded/emoji-clip.safetensors",
    output:
        weights="results/pretraining/emoji-vit.safetensors",
        record="results/pretraining/vit_training_record.csv",
    log:
        "logs/distil.log",
    benchmark:
        "benchmarks/distil.tsv"
    conda:
        "../../envs/prefclip.yaml"
    threads: 2
    resources:
        mem_mb=5000,
        runtime=60,
    message:
        "Distilling emoji-vit from emoji-clip (about 24 minutes on two cores)"
    shell:
        "prefclip distil --output {output.weights} --record {output.record} --threads {threads} > {log} 2>&1"
