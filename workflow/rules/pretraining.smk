# Makes the embedded base model again from the images; not part of `all`, because the model ships with the repository.


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
        "Pretraining emoji-clip (about 25 minutes on two cores)"
    shell:
        "prefclip pretrain --output {output.weights} --record {output.record} --threads {threads} > {log} 2>&1"
