"""Real photographs that bear a misleading word: what every method calls them."""

from prefclip.reporting.leaf_inputs import OF_METHODS, decided_by, method_predictions

ORDER, GROUP = 50, "main"
reads = method_predictions
settings = decided_by(*OF_METHODS)
HEADINGS = {"accuracy": "named rightly", "text_confusion": "called by the word"}


def applies(config):
    return bool(config.data.real)


def make(config, layout):
    """Accuracy of every method on each set of real photographs and, where a word is on them, the share called by it."""
    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.evaluation.selection import image_kinds
    from prefclip.reporting.estimates import read_estimates
    from prefclip.reporting.labels import dataset_label
    from prefclip.reporting.method_tables import Column, columns_of_methods

    kinds = {name: image_kinds(config, name) for name in config.data.real}
    columns = [
        Column(name, (name,), images, metric)
        for name in config.data.real
        for images in kinds[name]
        for metric in (HEADINGS if images == TYPOGRAPHIC else ("accuracy",))
    ]
    estimates = read_estimates(config, layout, datasets=config.data.real)
    clean = [dataset_label(name) for name in config.data.real if CLEAN in kinds[name]]
    twins = f" On {' and '.join(clean)} the word was blanked out: its photographs are clean." if clean else ""
    unlisted = [
        f"{dataset_label(name)}: {listed} of {count} photographs"
        for name in config.data.real
        if TYPOGRAPHIC in kinds[name]
        and (listed := estimates.count(name, TYPOGRAPHIC, "text_confusion"))
        < (count := estimates.count(name, TYPOGRAPHIC))
    ]
    counted = f" Called by the word counts only photographs whose word is a candidate ({'; '.join(unlisted)})."
    caption = (
        "Real photographs with a misleading word on them (%). Candidate names of a set are all its objects and all its "
        "written words together, with one prompt and no ensemble; where a set comes with its own list (Disentangling's "
        f"classes.json), that list in its order.{twins}{counted if unlisted else ''} Accuracies with other candidates, "
        "such as SCAM's duels of object and word, cannot be compared. CLIP is the untouched model."
    )
    return columns_of_methods(estimates, config, "real_photos", columns, caption, lambda one: HEADINGS[one.metric])
