"""The stages of a run: each reads files, writes files, and leaves a lineage record beside every one that it wrote.

The functions are commands of ``prefclip``. A stage's source files are computed from what its function imports.
"""

from prefclip.stages.browsing import explore, report
from prefclip.stages.concepts import concept_spectra, gender_pairs, sweep_concept, train_concept
from prefclip.stages.data import attacks, fetch, manifest, obtain, pairs
from prefclip.stages.models import check_clip, evaluate, reference, train
from prefclip.stages.reports import figure, summary, table
from prefclip.stages.saliency import saliency

STAGES = (
    fetch,
    obtain,
    manifest,
    attacks,
    pairs,
    reference,
    train,
    evaluate,
    check_clip,
    gender_pairs,
    train_concept,
    sweep_concept,
    concept_spectra,
    saliency,
    table,
    summary,
    figure,
    explore,
    report,
)
