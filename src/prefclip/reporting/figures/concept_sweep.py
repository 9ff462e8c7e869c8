"""Reading against seeing: accuracy on the object and on the written word over the power t of the reading maps."""

from prefclip.reporting.leaf_inputs import map_names
from prefclip.run.plan import concept_runs

CAPTION = (
    "Reading against seeing: accuracy on object and written word over the power t of the map; a word alone is a class "
    "name on plain grey."
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
