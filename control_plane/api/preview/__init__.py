"""Previews of what a user's program serves inside a sandbox, each project on an origin of its own.

- ``target``   which project and port a preview address means
- ``app``      serves those addresses; everything else goes to the application behind it
"""
