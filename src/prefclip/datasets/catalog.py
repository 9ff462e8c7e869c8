"""Every data set that is not part of the repository, by name."""

from prefclip.datasets.catalog_classification import CLASSIFICATION_SETS
from prefclip.datasets.catalog_imagenet import IMAGENET_SETS
from prefclip.datasets.catalog_photographs import PHOTOGRAPH_SETS
from prefclip.datasets.catalog_resources import catalog_entry
from prefclip.datasets.downloaded_entries import DownloadedEntry
from prefclip.errors import PrefclipError

VL_BIAS = catalog_entry(
    "vl_bias",
    title="VL-Bias",
    role="bias",
    # "24k images, including 13K for the 52 activities and 11K for the 13 occupations": no exact number is published.
    splits={"test": 24_000},
    count_tolerance={"test": 0.1},
    source="https://drive.google.com/file/d/1DztjuIHR7Wq-ddRlNWE4N-_HLPXfcBwZ",
    licence="none stated",
    citation="Zhang, Wang & Sang, ACM MM 2022 (arXiv 2207.01056)",
    folder="vl_bias",
    layouts=(("verb", "occu"),),
    place_by_hand=(
        "1. Download https://drive.google.com/file/d/1DztjuIHR7Wq-ddRlNWE4N-_HLPXfcBwZ, linked by the authors\n"
        "   (https://github.com/VL-Bias/VL-Bias). No licence is stated and no layout is published.\n"
        "2. Sort the images by concept and gender:\n"
        "   {folder}/verb/<activity>/man|woman/…      52 activities (baking, begging, … working)\n"
        "   {folder}/occu/<occupation>/man|woman/…    13 occupations (athlete, chef, … soldier)"
    ),
    notes=(
        "The layout with one folder for each gender is prefclip's; the authors' scripts show only verb/ and occu/.",
        "Their four caption templates are published only as a picture.",
    ),
)

DOWNLOADED_DATASETS: dict[str, DownloadedEntry] = {
    entry.name: entry for entry in (*IMAGENET_SETS, *CLASSIFICATION_SETS, *PHOTOGRAPH_SETS, VL_BIAS)
}


class NotDownloadedError(PrefclipError):
    """No data set of this name is downloaded or placed by hand."""


def downloaded_entry(name: str) -> DownloadedEntry:
    """Return the entry of a data set that is downloaded or placed by hand.

    Raises NotDownloadedError, which lists the names that exist.
    """
    if name not in DOWNLOADED_DATASETS:
        raise NotDownloadedError(
            f"unknown data set {name!r}; allowed: {', '.join(DOWNLOADED_DATASETS)} "
            "(the sets of the embedded world ship with the repository)."
        )
    return DOWNLOADED_DATASETS[name]
