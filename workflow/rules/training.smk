# One job for each method and seed: preference optimisation, or weights computed from those of others. Embeddings of the
# frozen reference are computed once.
# A broken data path shows in the untouched CLIP: the trainings wait for its check, but do not depend on what it says.
trained = {name: method for name, method in settings.every_method.items() if method.is_trained}

embedded = declared("reference", words=False)
further_embedded = declared("reference", words=True)
averaged = declared("train", kept=("raw", "averaged"))
single = declared("train", kept=("raw",))
derived = declared("derive")


rule cache_reference:
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
        runtime=growing(60, 120),
        gpu=gpus,
    params:
        **embedded.params,
    message:
        "Embedding the training pairs with the reference model"
    shell:
        embedded.shell


use rule cache_reference as cache_words_reference with:
    input:
        unpack(further_embedded.input),
    output:
        **further_embedded.output,
    log:
        further_embedded.log,
    benchmark:
        further_embedded.benchmark
    params:
        **further_embedded.params,


rule train_policy:
    input:
        unpack(averaged.input),
        clip_check=[ancient(run.clip_check)] if clip_is_comparable(settings) else [],
    output:
        **shown(averaged, "log", "training_log", "Training", method="{method}", seed="{seed}"),
    log:
        averaged.log,
    benchmark:
        averaged.benchmark
    wildcard_constraints:
        method=one_of([name for name, method in trained.items() if method.averaging]),
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(3000, 32000),
        runtime=growing(120, 240),
        gpu=gpus,
    params:
        **averaged.params,
        launch=launcher_of,
    message:
        "Training {wildcards.method} (seed {wildcards.seed})"
    shell:
        averaged.shell


use rule train_policy as train_policy_without_averaging with:
    input:
        unpack(single.input),
        clip_check=[ancient(run.clip_check)] if clip_is_comparable(settings) else [],
    output:
        **shown(single, "log", "training_log", "Training", method="{method}", seed="{seed}"),
    log:
        single.log,
    benchmark:
        single.benchmark
    wildcard_constraints:
        method=one_of([name for name, method in trained.items() if not method.averaging]),
    params:
        **single.params,
        launch=launcher_of,


rule derive_weights:
    input:
        unpack(derived.input),
    output:
        **derived.output,
    log:
        derived.log,
    benchmark:
        derived.benchmark
    wildcard_constraints:
        method=one_of(settings.derived_methods),
    conda:
        "../../envs/prefclip.yaml"
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(10, 30),
    params:
        **derived.params,
    message:
        "Computing the weights of {wildcards.method} (seed {wildcards.seed})"
    shell:
        derived.shell
