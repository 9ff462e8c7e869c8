"""The regulariser alone, without any preference: what is left of an objective when its other term is taken away.

The policy starts as its reference, where KL(ref‖policy) is 0 and has no gradient, so that nothing should be learned; an
optimiser that divides a gradient by its size, such as Adamax, still takes steps on what rounding leaves of it.
"""

from prefclip.objectives.base import Loss, Number, PairBatch, Parameters, Tensor


def preference(batch: PairBatch, parameters: Parameters) -> Tensor:
    """0, whatever the attacked images look like; with a gradient of 0, and NaN where a logit is."""
    return 0.0 * batch.log_policy.sum()


LOSS = Loss(
    __name__,
    label="KL alone",
    description="the KL on the clean images alone, L_reg without L_pref: attacked images play no part",
    parameters={
        "regulariser_weight": Number(
            1.0, "weight lambda of the mean KL(ref‖policy) on the clean images", exclusive_minimum=0.0
        )
    },
    preference=preference,
    needs_reference=False,
    is_preference=False,
    learns_neutrality=False,
)
