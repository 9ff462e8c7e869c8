"""From images and weights to numbers: zero-shot scores, their metrics and the intervals around them."""
