"""What runs in the project's own interpreter: the zygote, and the processes that it forks for runs.

Standard library only, and nothing of the agent's: the interpreter is the project's, with the project's packages. The
zygote loads this folder as a private package (see ``zygote_main``), so its modules never meet the names of user code.
"""
