# Text files that travel inside an executable: a header with an array of EmbeddedText (tools/common/embedded_text.h),
# written again when one of the files changes.
#   embed_texts(${CMAKE_CURRENT_BINARY_DIR}/site_assets.h kSiteAssets ${files})
# The same file is the script that writes it, because file contents are only known when the build runs.
if(NOT CMAKE_SCRIPT_MODE_FILE)
  set(EMBED_TEXTS_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
  function(embed_texts header variable)
    string(REPLACE ";" "|" sources "${ARGN}")
    add_custom_command(OUTPUT ${header}
      COMMAND ${CMAKE_COMMAND} -DOUT=${header} -DVARIABLE=${variable} "-DSOURCES=${sources}" -P ${EMBED_TEXTS_SCRIPT}
      DEPENDS ${ARGN} ${EMBED_TEXTS_SCRIPT} VERBATIM)
  endfunction()
  return()
endif()

set(text "// Made by the build (cmake/embed_texts.cmake). DO NOT EDIT.\n#pragma once\n#include \"common/embedded_text.h\"\n")
file(WRITE ${OUT}.tmp "${text}namespace gooffsets {\ninline constexpr EmbeddedText ${VARIABLE}[] = {\n")
string(REPLACE "|" ";" SOURCES "${SOURCES}")
foreach(source ${SOURCES})
  get_filename_component(name ${source} NAME)
  file(READ ${source} content)
  file(APPEND ${OUT}.tmp "    {\"${name}\", R\"~embedded~(${content})~embedded~\"},\n")
endforeach()
file(APPEND ${OUT}.tmp "};\n}  // namespace gooffsets\n")
file(RENAME ${OUT}.tmp ${OUT})
