# Warnings for our own code; errors only in developer presets, never in a user's build.
add_library(gooffsets_warnings INTERFACE)
target_compile_options(gooffsets_warnings INTERFACE
  # GCC 12 reports std::string inside tl::expected as maybe uninitialized where it is not (GCC bug 105562 and kin).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>
  # GCC 12 warns of every "text" + std::string at -O3 (gcc.gnu.org/PR105651, mended in 13).
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wcast-align -Woverloaded-virtual
  $<$<BOOL:${GOOFFSETS_WERROR}>:-Werror>)
