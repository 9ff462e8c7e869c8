"""Cross-entropy with the regulariser of the preference methods, so that it differs from them in the loss alone."""

from prefclip.objectives.base import Loss, weight_of_regulariser
from prefclip.objectives.ce import example_weights, preference

LOSS = Loss(
    __name__,
    label="CE + KL",
    colour="vermillion",
    description="cross-entropy on the attacked images, KL on the clean twin: differs from dpo in the loss alone",
    # The weight that the paper prints for DPO.
    parameters={"regulariser_weight": weight_of_regulariser(1.0)},
    preference=preference,
    example_weights=example_weights,
    needs_reference=False,
    is_preference=False,
)
