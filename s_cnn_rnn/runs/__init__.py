"""What a run is on disk: its folder, its weights from stage to stage, its name and cost."""
