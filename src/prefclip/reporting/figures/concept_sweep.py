"""Reading against seeing: accuracy on the object and on the written word over the power t of the reading maps."""

from prefclip.reporting.leaf_inputs import map_names
from prefclip.run.plan import concept_runs

CAPTION = (
    "Reading against seeing: how pictures are called over the power t of the reading maps, on the training set (a) "
    "and zero-shot (b). Bands: {level} intervals of the first map; line styles: maps, by their names in the "
    "configuration. (c) Reading against seeing on attacked zero-shot pictures as t turns: filled circles are CLIP "
    "(t = 0) and the trained map (t = 1), open ones other t. A word alone is a class name on plain grey."
)
ORDER, GROUP = 60, "concepts"
MOST_MAPS = 4


def applies(config):
    return bool(concept_runs(config, "reading"))


def reads(config, layout):
    return [layout.concept_sweep(*run) for run in concept_runs(config, "reading")]


def settings(config):
    kinds = [f"concepts.{name}.concept" for name in config.concepts]
    seeds = [f"concepts.{name}.seeds" for name in map_names(config, "reading")]
    return ["data.train", "data.zero_shot", *kinds, *seeds]


def draw(config, layout):
    from prefclip.evaluation.concept_table import read_concept_table
    from prefclip.reporting.drawing.concept_sweep import draw_concept_sweep

    maps = {name: name.replace("_", " ") for name in map_names(config, "reading")[:MOST_MAPS]}
    return draw_concept_sweep(read_concept_table(reads(config, layout)), maps, config.data.train, config.data.zero_shot)
