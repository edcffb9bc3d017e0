# The shared library of the C interface, and what `cmake --install` gives to other projects:
#   CMake       find_package(gooffsets), then gooffsets::gooffsets (C++, static), gooffsets::feed (the same, and what
#               brings newer databases) or gooffsets::c (C, shared)
#   pkg-config  gooffsets-cpp, or gooffsets
# The C interface alone keeps its ABI; the soname is the major version (0: the first incompatible change makes it 1).
file(GLOB C_API_SOURCES ${CMAKE_CURRENT_SOURCE_DIR}/src/c_api/*.cc)
# The test of the ABI reads the types of the interface out of the debug information (tests/abi).
set_source_files_properties(${C_API_SOURCES} PROPERTIES COMPILE_OPTIONS -g2)
add_library(gooffsets_c SHARED $<TARGET_OBJECTS:gooffsets>)
set_target_properties(gooffsets_c PROPERTIES
  OUTPUT_NAME gooffsets EXPORT_NAME c VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE CXX
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/c_api.map)
target_include_directories(gooffsets_c INTERFACE
  $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_options(gooffsets_c PRIVATE
  -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/c_api.map -Wl,--exclude-libs,ALL -Wl,--no-undefined)
get_target_property(libraries gooffsets LINK_LIBRARIES)
target_link_libraries(gooffsets_c PRIVATE ${libraries})

# libgooffsets-cpp.a, so that -lgooffsets means the shared library and nothing else.
set_target_properties(gooffsets PROPERTIES OUTPUT_NAME gooffsets-cpp)

install(TARGETS gooffsets gooffsets_c EXPORT gooffsets-targets
  LIBRARY COMPONENT library NAMELINK_COMPONENT development ARCHIVE COMPONENT development)
install(DIRECTORY include/gooffsets DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development FILES_MATCHING PATTERN "*.h")

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/gooffsets)
install(EXPORT gooffsets-targets NAMESPACE gooffsets:: DESTINATION ${package_dir} COMPONENT development)
configure_package_config_file(gooffsets-config.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/gooffsets-config.cmake
  INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/gooffsets-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/gooffsets-config.cmake ${CMAKE_CURRENT_BINARY_DIR}/gooffsets-config-version.cmake
  DESTINATION ${package_dir} COMPONENT development)
# Relative, so that an installed tree can be moved, and `cmake --install --prefix` is right.
file(RELATIVE_PATH PC_TO_PREFIX /p/${CMAKE_INSTALL_LIBDIR}/pkgconfig /p)
foreach(pc gooffsets gooffsets-cpp)
  configure_file(${pc}.pc.in ${CMAKE_CURRENT_BINARY_DIR}/${pc}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${pc}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
