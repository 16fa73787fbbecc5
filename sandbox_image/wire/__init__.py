"""The contract between the control plane and the agent: plain frozen structs, which need msgspec and nothing else.

Both sides import this package and nothing else of each other. Values are decoded with
``msgspec.json.decode(data, type=T)``, which checks every field: bytes from a sandbox are hostile until they passed.
"""
