# Linear maps of a concept on the frozen model: one job trains a map, one measures all its powers.
reading_maps = [name for name, concept in settings.concepts.items() if concept.concept == "reading"]
gender_maps = [name for name in settings.concepts if name not in reading_maps]

gender_paired = declared("gender_pairs")
mapped = declared("train_concept")
reading_swept = declared("sweep_concept", kind="reading")
gender_swept = declared("sweep_concept", kind="gender")
spectra = declared("concept_spectra")


rule pair_genders:
    input:
        unpack(gender_paired.input),
    output:
        **gender_paired.output,
    log:
        gender_paired.log,
    benchmark:
        gender_paired.benchmark
    wildcard_constraints:
        preference="factual|reversed|neutral",
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=growing(1000, 8000),
        runtime=growing(10, 30),
    params:
        **gender_paired.params,
    message:
        "Pairing captions of both genders for {wildcards.dataset} ({wildcards.preference})"
    shell:
        gender_paired.shell


rule train_concept:
    input:
        unpack(mapped.input),
    output:
        **mapped.output,
    log:
        mapped.log,
    benchmark:
        mapped.benchmark
    wildcard_constraints:
        concept=one_of(settings.concepts),
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(30, 60),
        gpu=gpus,
    params:
        **mapped.params,
    message:
        "Training the map {wildcards.concept} (seed {wildcards.seed})"
    shell:
        mapped.shell


rule sweep_concept:
    input:
        unpack(reading_swept.input),
    output:
        **reading_swept.output,
    log:
        reading_swept.log,
    benchmark:
        reading_swept.benchmark
    wildcard_constraints:
        concept=one_of(reading_maps),
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 32000),
        runtime=growing(30, 240),
        gpu=gpus,
    params:
        **reading_swept.params,
    message:
        "Measuring every power of the map {wildcards.concept} (seed {wildcards.seed})"
    shell:
        reading_swept.shell


use rule sweep_concept as sweep_gender with:
    input:
        unpack(gender_swept.input),
    output:
        **gender_swept.output,
    log:
        gender_swept.log,
    benchmark:
        gender_swept.benchmark
    wildcard_constraints:
        concept=one_of(gender_maps),
    params:
        **gender_swept.params,


rule measure_spectra:
    input:
        unpack(spectra.input),
    output:
        **spectra.output,
    log:
        spectra.log,
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **spectra.params,
    message:
        "Measuring the spectra of the concept maps"
    shell:
        spectra.shell
