"""Where models look."""

from prefclip.run.files import RunFiles
from prefclip.run.plan import base_weights, saliency_dataset
from prefclip.stages.options import Method, Run, Threads


def saliency(run: Run, method: Method, threads: Threads = 1) -> None:
    """Measure how much of what speaks for a name lies on the written word: one method, all its seeds.

    Averaged weights where the method averages, else the last ones.
    """
    from prefclip.evaluation.saliency.measure import measure_saliency
    from prefclip.evaluation.zero_shot import checkpoint_files
    from prefclip.lineage.recording import recorded

    layout = RunFiles(str(run))
    config = layout.read_config()
    model, dataset = config.model.key, saliency_dataset(config)
    untouched = method == "clip"
    checkpoints = {}
    for seed in (0,) if untouched else config.seeds:
        folder = None if untouched else layout.checkpoint_folder(model, method, seed)
        weights, checkpoints[seed] = list(checkpoint_files(config, method, folder).items())[-1]
    outputs = {
        "out_scores": layout.saliency(model, method),
        "out_maps": layout.saliency_maps(model, method),
    }
    with recorded(
        "saliency",
        inputs=[*filter(None, checkpoints.values()), *base_weights(config), *layout.attacked_set(dataset)],
        outputs=outputs.values(),
        config=layout.config,
        keys=["saliency", "evaluation", "model", "data.train", "seeds"],
        wildcards={"model": model, "method": method},
    ):
        measure_saliency(
            config,
            method,
            weights,
            checkpoints,
            classes=run / "classes",
            images=run / "images",
            manifests=run / "manifests",
            **outputs,
            threads=threads,
        )
