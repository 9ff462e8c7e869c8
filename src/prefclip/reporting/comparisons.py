"""Method against method: paired differences, which of them are beyond doubt, and the sentences that say so."""

from itertools import combinations

from prefclip.config import Config
from prefclip.evaluation.intervals import holm_adjusted, p_value
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.reporting.estimates import headline_weights, read_estimates
from prefclip.reporting.labels import dataset_label, method_label, scopes_of
from prefclip.reporting.traced import Numbers, rounded
from prefclip.run.files import RunFiles
from prefclip.run.plan import tuned_runs
from prefclip.table import DIFFERENCE, VALUE, Row, Table

IMAGES = {CLEAN: "clean", TYPOGRAPHIC: "attacked"}
COLUMNS = ("method", "weights", "kind", "against", "dataset", "images", "metric", "value", "ci_low", "ci_high")
COLUMNS += ("n", "seeds", "p", "p_holm", "better")


def comparison_table(config: Config, layout: RunFiles, name: str) -> Table:
    """Every pair of tuned methods: first minus second on clean and attacked images of the training set and as mean over
    the zero-shot sets, with Holm-adjusted p over the whole table. Raises TableError, EstimateError.
    """
    scopes = scopes_of(config)
    places = [(scope, images) for scope in scopes for images in IMAGES]
    pairs = list(combinations(config.methods, 2))
    runs = [run[1:] for run in tuned_runs(config)]
    estimates = read_estimates(config, layout, runs, config.object_datasets)
    found = {}
    for first, second in pairs:
        for scope, images in places:
            place, against = (scopes[scope], images, "accuracy"), (second, headline_weights(config, second))
            found[first, second, scope, images] = estimates.measured(
                first, headline_weights(config, first), place, against=against
            )
    plain = [p_value(traced.samples[:, 0], traced.samples[:, 1:]) for _, traced in found.values()]
    adjusted = dict(zip(found, zip(plain, holm_adjusted(plain), strict=True), strict=True))
    numbers, rows, sure = Numbers(), [], 1 - config.evaluation.confidence
    for first, second in pairs:
        cells: list[int | str] = []
        for scope, images in places:
            (estimate, traced), (p, p_holm) = (values[first, second, scope, images] for values in (found, adjusted))
            better = (first if estimate.value > 0 else second) if p_holm <= sure else ""
            keys = {"method": first, "weights": headline_weights(config, first), "kind": DIFFERENCE}
            keys |= {"against": f"{second} {headline_weights(config, second)}"}
            keys |= {"dataset": scope, "images": images, "metric": "accuracy"}
            facts = {"p": rounded(p), "p_holm": rounded(p_holm), "better": better}
            n, seeds = estimates.count(scopes[scope], images), len(traced.samples)
            look = {"signed": True, "best": bool(better), "facts": facts}
            cells += [numbers.add(keys, estimate, traced.origin, n=n, seeds=seeds, **look), f"{p_holm:.3f}"]
        rows.append(Row(label=f"{method_label(first)} − {method_label(second)}", cells=cells))
    header = [(f"{dataset_label(scope)}, {IMAGES[images]}", word) for scope, images in places for word in ("Δ", "p")]
    return numbers.table(name, _caption(config), header, rows, "Difference", columns=COLUMNS)


def sentences(table: Table) -> list[str]:
    """What the table says, one sentence for each of its columns: who beats whom beyond doubt."""
    columns: dict[tuple[str, str], list] = {}
    for number in table.numbers:
        if number.role == VALUE:
            columns.setdefault((number.keys["dataset"], number.keys["images"]), []).append(number)
    found = []
    for (scope, images), numbers in columns.items():
        beaten: dict[str, list[str]] = {}
        for number in numbers:
            if better := number.facts["better"]:
                first, second = number.keys["method"], number.keys["against"].split()[0]
                beaten.setdefault(str(better), []).append(second if better == first else first)
        said = [f"{method_label(one)} beats {_listed(others)}" for one, others in beaten.items()]
        rest = len(numbers) - sum(map(len, beaten.values()))
        if rest:
            said.append(f"{'the other ' * bool(said)}{rest} of {len(numbers)} differences are within doubt")
        found.append(f"{dataset_label(scope)}, {IMAGES[images]}: {'; '.join(said)}.")
    return found


def _listed(methods: list[str]) -> str:
    names = [method_label(method) for method in methods]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _caption(config: Config) -> str:
    level = config.evaluation.confidence
    return (
        "Method against method: paired difference of accuracy in points, first minus second, ± half-width of the "
        f"{100 * level:g} % interval (bootstrap over drawings, which all methods share, and spread over seeds). p: "
        f"two-sided, adjusted for all differences of the table (Holm); bold where it is at most {1 - level:g}."
    )
