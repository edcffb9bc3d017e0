# Man pages, made from what --help says with help2man (a Debian package of that name), so that they cannot say anything else.
#   gooffsets_man_page(offsetgen "makes a database of struct and function layouts")
find_program(GOOFFSETS_HELP2MAN help2man DOC "Makes the man pages")
set(can_make_man OFF)
if(GOOFFSETS_HELP2MAN AND NOT CMAKE_CROSSCOMPILING)
  set(can_make_man ON)
endif()
option(GOOFFSETS_MAN "Make and install man pages (needs help2man)" ${can_make_man})
if(GOOFFSETS_MAN AND NOT can_make_man)
  message(FATAL_ERROR "GOOFFSETS_MAN needs help2man, and executables that run here")
endif()

function(gooffsets_man_page target what)
  if(NOT GOOFFSETS_MAN OR NOT TARGET ${target})
    return()
  endif()
  get_target_property(name ${target} OUTPUT_NAME)
  if(NOT name)
    set(name ${target})
  endif()
  set(page ${CMAKE_BINARY_DIR}/share/man/man1/${name}.1)
  # SOURCE_DATE_EPOCH, where it is set, is the page's date.
  add_custom_command(OUTPUT ${page}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/share/man/man1
    COMMAND ${GOOFFSETS_HELP2MAN} --no-info --help-option=--help-all "--name=${what}" --output=${page} $<TARGET_FILE:${target}>
    DEPENDS ${target} VERBATIM)
  add_custom_target(${target}_man ALL DEPENDS ${page})
  install(FILES ${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endfunction()
