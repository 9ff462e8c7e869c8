"""Claim by claim: what the paper says, what its code does, what a run measured, and the verdict that follows."""
