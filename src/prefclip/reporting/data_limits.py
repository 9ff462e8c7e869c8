"""What the data behind numbers on bias can and cannot say; written beside every one of them."""

from collections.abc import Sequence

# From light to dark; "default" is the yellow of an emoji without a skin tone.
TONES = ("default", "light", "medium-light", "medium", "medium-dark", "dark")


def limits_text(dataset: str, tones: Sequence[str]) -> str:
    """One paragraph about a gender set; ``tones``: the skin tones that its pictures are labelled with, none at all
    where they are not.
    """
    labels = (
        "Labels: “man” and “woman” are the only genders compared; they are the data set's, not anyone's own account of "
        "themselves."
    )
    if dataset == "people":
        skin = [tone for tone in tones if tone != "default"]
        shown = f"{len(skin)} skin tones and the default yellow" if skin else "the default yellow alone"
        return (
            f"Data: emoji drawings by three vendors, no photographs of people; {shown}. {labels} Numbers describe this "
            "model on these drawings, not people."
        )
    skin = "skin tone is not labelled" if not tones else f"skin tones labelled: {', '.join(tones)}"
    return f"Data: photographs of {dataset}; {skin}. {labels}"


def tones_in_order(tones: Sequence[str]) -> list[str]:
    """Tones from light to dark, the default first, unknown ones last."""
    found = set(tones)
    return [tone for tone in TONES if tone in found] + sorted(found - set(TONES))
