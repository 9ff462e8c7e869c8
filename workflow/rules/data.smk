# Raw data: checked against their published sha256, then decoded into one memory-mapped file per data set.


localrules:
    check_sources,
    obtain_dataset,


checked = declared("fetch")
obtained = declared("obtain")
obtainable = settings.datasets if settings.data.source == "downloaded" else settings.data.own
built = declared("manifest")


rule check_sources:
    input:
        unpack(checked.input),
    output:
        **checked.output,
    log:
        checked.log,
    conda:
        "../../envs/prefclip.yaml"
    params:
        **checked.params,
    message:
        "Checking the raw data of the embedded world"
    shell:
        checked.shell


rule obtain_dataset:
    input:
        unpack(obtained.input),
    output:
        **obtained.output,
    log:
        obtained.log,
    wildcard_constraints:
        dataset=one_of(obtainable),
    conda:
        "../../envs/prefclip.yaml"
    params:
        **obtained.params,
    message:
        "Fetching and checking {wildcards.dataset}"
    shell:
        obtained.shell


rule build_manifest:
    input:
        unpack(built.input),
    output:
        **built.output,
    log:
        built.log,
    benchmark:
        built.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(30, 240),
    params:
        **built.params,
    message:
        "Building images and manifest of {wildcards.dataset}"
    shell:
        built.shell
