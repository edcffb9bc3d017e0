# Debian packages: cmake --preset package && cmake --build --preset package && (cd build/package && cpack)
#
#   libgooffsets      the shared library of the C interface
#   libgooffsets-dev  headers, archives, CMake package and pkg-config files
#   gooffsets-tools   the programs, their man pages and completions, systemd units, the user they run as
#   gooffsets-data    the released database
# scripts/package does all of it. Every component of install() belongs to one of them; packaging/debian holds their scripts.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME gooffsets)
set(CPACK_PACKAGE_VENDOR gooffsets)
set(CPACK_PACKAGE_CONTACT "The gooffsets authors <maintainers@gooffsets.invalid>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL library development tools data)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_BINARY_DIR}/libgooffsets)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(scripts ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libgooffsets)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA "${scripts}/triggers")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "where things lie inside Go programs: the library
Answers for any Go program, stripped or not, where struct fields, function
arguments, entry and return points lie, each with its evidence or a reason.

This package holds the shared library of the C interface.")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libgooffsets-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libgooffsets (= ${PROJECT_VERSION}), libcurl4-openssl-dev, libdw-dev, libelf-dev, libexpected-dev, libfmt-dev, libsodium-dev, libsqlite3-dev, libtomlplusplus-dev, libzstd-dev, libzydis-dev, nlohmann-json3-dev, zlib1g-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "where things lie inside Go programs: headers and archives
Headers of the C and the C++ interface, static libraries, CMake package and
pkg-config files for agents that link gooffsets.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME gooffsets-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "gooffsets-data")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "golang-go")
set(CPACK_DEBIAN_TOOLS_PACKAGE_CONTROL_EXTRA "${scripts}/postinst;${scripts}/postrm;${scripts}/prerm")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "where things lie inside Go programs: the programs
gooffsets answers, offsetgen measures Go modules, offsetd serves a database,
update-offsets brings signed new ones.")
set(CPACK_DEBIAN_DATA_PACKAGE_NAME gooffsets-data)
set(CPACK_DEBIAN_DATA_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_DATA_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_DATA_PACKAGE_SHLIBDEPS OFF)
set(CPACK_COMPONENT_DATA_DESCRIPTION "where things lie inside Go programs: the database
Struct and function layouts of the Go standard library and of the modules that
tracers read, for linux/amd64 and linux/arm64.")

# What Debian's policy wants beside each package's files: its licence and what changed.
if(GOOFFSETS_GZIP)
  set(changelog ${CMAKE_BINARY_DIR}/changelog.gz)
  add_custom_command(OUTPUT ${changelog}
    COMMAND ${CMAKE_COMMAND} -E env ${GOOFFSETS_GZIP} -9nc ${scripts}/changelog > ${changelog}
    DEPENDS ${scripts}/changelog VERBATIM)
  add_custom_target(package_changelog ALL DEPENDS ${changelog})
  foreach(pair library/libgooffsets development/libgooffsets-dev tools/gooffsets-tools data/gooffsets-data)
    get_filename_component(component ${pair} DIRECTORY)
    get_filename_component(package ${pair} NAME)
    install(FILES ${scripts}/copyright ${changelog} DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/${package} COMPONENT ${component})
  endforeach()
endif()
install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/gooffsets-tools COMPONENT tools)

# Units: the programs as services of a user of their own.
file(GLOB units ${CMAKE_SOURCE_DIR}/packaging/systemd/*.service ${CMAKE_SOURCE_DIR}/packaging/systemd/*.timer)
install(FILES ${units} DESTINATION lib/systemd/system COMPONENT tools)
include(CPack)
