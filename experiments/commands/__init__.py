"""The subcommands of `egl`, by what they are about; each module's add_ functions give their options."""
