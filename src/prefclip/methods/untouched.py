"""The base model as it is: `clip`, the first row of every table."""

from prefclip.methods.kind import Kind

KIND = Kind(__name__, label="CLIP", description="the base model as it is", parameters={})
