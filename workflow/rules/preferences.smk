# Preference pairs: on the attacked picture the true name is preferred, the written one rejected.
paired = declared("pairs", words=False)
further_paired = declared("pairs", words=True)


rule build_pairs:
    input:
        unpack(paired.input),
    output:
        **paired.output,
    log:
        paired.log,
    benchmark:
        paired.benchmark
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=growing(1000, 8000),
        runtime=growing(10, 30),
    params:
        **paired.params,
    message:
        "Pairing clean and attacked pictures of {wildcards.dataset}"
    shell:
        paired.shell


use rule build_pairs as pair_words with:
    input:
        unpack(further_paired.input),
    output:
        **further_paired.output,
    log:
        further_paired.log,
    benchmark:
        further_paired.benchmark
    params:
        **further_paired.params,
    message:
        "Pairing clean pictures of {wildcards.dataset} with those of further words"
