"""The subcommands of `egl`: each module's add_ functions give their options."""
