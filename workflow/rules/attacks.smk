# A misleading word drawn on every picture, and the same ink unreadable; one seed per picture.
attacked = declared("attacks", words=False)
further = declared("attacks", words=True)
unread = declared("ink")


rule synthesise_attacks:
    input:
        unpack(attacked.input),
    output:
        **attacked.output,
    log:
        attacked.log,
    benchmark:
        attacked.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(60, 240),
    params:
        **attacked.params,
    message:
        "Writing misleading words on {wildcards.dataset}"
    shell:
        attacked.shell


use rule synthesise_attacks as synthesise_words with:
    input:
        unpack(further.input),
    output:
        **further.output,
    log:
        further.log,
    benchmark:
        further.benchmark
    params:
        **further.params,
    message:
        "Writing further misleading words on training images of {wildcards.dataset}"


rule draw_ink:
    input:
        unpack(unread.input),
    output:
        **unread.output,
    log:
        unread.log,
    benchmark:
        unread.benchmark
    conda:
        "../../envs/prefclip.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000, 16000),
        runtime=growing(60, 240),
    params:
        **unread.params,
    message:
        "Drawing unreadable ink on {wildcards.dataset}"
    shell:
        unread.shell
