"""The table of real photographs that bear a misleading word, and the light question whether a run has one."""

from prefclip.config import Config
from prefclip.datasets.card_files import word_removed
from prefclip.evaluation.metrics import TYPOGRAPHIC
from prefclip.evaluation.selection import image_kinds
from prefclip.reporting.estimates import REFERENCE, Estimates
from prefclip.reporting.labels import dataset_label
from prefclip.reporting.method_tables import Column, columns_of_methods
from prefclip.reporting.table_files import Table

HEADINGS = {"accuracy": "named rightly", "text_confusion": "called by the word"}


def real_photos(estimates: Estimates, config: Config) -> Table:
    """Accuracy of every method on each set of real photographs and, where a word is on them, the share called by it."""
    columns = [
        Column(name, (name,), images, metric)
        for name in config.data.real
        for images in image_kinds(config, name)
        for metric in (HEADINGS if images == TYPOGRAPHIC else ("accuracy",))
    ]
    return columns_of_methods(estimates, config, columns, _title(estimates, config), lambda one: HEADINGS[one.metric])


def _title(estimates: Estimates, config: Config) -> str:
    clean = [dataset_label(name) for name in config.data.real if word_removed(name)]
    twins = f" On {' and '.join(clean)} the word was blanked out: its photographs are clean." if clean else ""
    unlisted = [
        f"{dataset_label(name)}: {estimates.count(name, TYPOGRAPHIC, 'text_confusion')} of "
        f"{estimates.count(name, TYPOGRAPHIC)} photographs"
        for name in config.data.real
        if not word_removed(name)
        and estimates.count(name, TYPOGRAPHIC, "text_confusion") < estimates.count(name, TYPOGRAPHIC)
    ]
    counted = f" Called by the word counts only photographs whose word is a candidate ({'; '.join(unlisted)})."
    return (
        "Real photographs with a misleading word on them (%). Candidate names of a set are all its objects and all its "
        "written words together, with one prompt and no ensemble; where a set comes with its own list (Disentangling's "
        f"classes.json), that list in its order.{twins}{counted if unlisted else ''} Accuracies with other candidates, "
        f"such as SCAM's duels of object and word, cannot be compared. {REFERENCE.upper()} is the untouched model."
    )
