# Sets `here` to the directory that the example services share: CAPSTAN_EXAMPLE_DIR, or one of this user's own.
here=${CAPSTAN_EXAMPLE_DIR:-${XDG_RUNTIME_DIR:-/tmp}/capstan-example-$(id -u)}
