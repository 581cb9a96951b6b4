"""Keywords and captions in photographs' own metadata and sidecars."""
