"""Loading CLIP models: the embedded one and any of open_clip's, their frozen text features, and their checkpoints."""
