"""The base model tuned with an objective, whose file says which parameters it has."""

from prefclip.methods.kind import Kind

KIND = Kind(__name__, label="Trained", description="tuned with an objective, whose parameters it has", parameters={})
