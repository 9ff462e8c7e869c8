"""A run under DVC: what its milestones are, storing them, and bringing them back."""
