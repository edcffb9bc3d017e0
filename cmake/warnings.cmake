# Warnings for our own code; errors only in developer presets, never in a user's build.
add_library(gooffsets_warnings INTERFACE)
target_compile_options(gooffsets_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align -Woverloaded-virtual
  $<$<BOOL:${GOOFFSETS_WERROR}>:-Werror>)
