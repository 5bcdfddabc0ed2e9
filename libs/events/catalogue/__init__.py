"""The catalogue of events: JSON Schemas and an AsyncAPI document, made from the contracts.

`python -m libs.events.catalogue write` writes them, `check` says where they are stale and which
change would break a reader.
"""
