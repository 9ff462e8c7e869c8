"""One sentence on each figure; a figure without one is shown under its name."""

OVER_ONE_SETTING = "accuracy and KL from CLIP over"
CAPTIONS = {
    "accuracy_bars": "Zero-shot accuracy on clean and attacked pictures: means over seeds with 95 % intervals.",
    "attack_examples": (
        "Clean and attacked pictures with the three most probable names, before and after tuning, drawn at random "
        "among those that CLIP names right when clean and by the written word when attacked."
    ),
    "photographs": (
        "Photographs with a misleading word and every method's answer, drawn at random among those that CLIP calls by "
        "the word."
    ),
    "training_curves": "Preference term, regulariser, margin and rewards during training.",
    "retention_boxes": "What was kept of CLIP: KL divergence between the tuned model and CLIP on each clean picture.",
    "concept_sweep": "Reading against seeing: accuracy on object and written word over the power t of the map.",
    "map_spectrum": "The spectrum of the trained maps and their distance from the identity.",
    "gender_sweep": "Gender recognised, neutral, turned around over t, and what happens to activity and occupation.",
    "occupation_gap": "Difference in gender recognition for each occupation and activity, before and after.",
    "skew_over_k": "Skew of the first K retrieved pictures, at three t.",
    "retrieval_grid": "Whose pictures come first for captions without a gender word, at three t.",
    "saliency_grid": "Where the models look: what raises the logit of the true and of the written name.",
    "sweep_beta": f"How sharply preferences are followed: {OVER_ONE_SETTING} β.",
    "sweep_regulariser": f"What the regulariser is worth: {OVER_ONE_SETTING} its weight λ; 0 leaves it out.",
    "sweep_size": f"How few training images are enough: {OVER_ONE_SETTING} their number.",
    "sweep_words": f"Several attacks on the same images: {OVER_ONE_SETTING} their number per image.",
    "retention_by_beta": "What each β keeps of CLIP: KL divergence between tuned model and CLIP on each clean picture.",
    "saliency_shares": "Share of positive saliency inside the box of the written word.",
}
