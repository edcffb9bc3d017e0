# bpf_object(NAME SOURCE): compiles kernel programs and makes NAME.skel.h of them, which holds the object's bytes and loads it.
# No kernel header is needed: only the kernel's user-space interface (linux-libc-dev) and libbpf's helper headers.
find_program(GOOFFSETS_BPF_CLANG NAMES clang-19 clang-18 clang-17 clang-16 clang REQUIRED)
find_program(GOOFFSETS_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin REQUIRED)
function(bpf_object name source)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(arch arm64)
  else()
    set(arch x86)
  endif()
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.bpf.o)
  set(skeleton ${CMAKE_CURRENT_BINARY_DIR}/${name}.skel.h)
  get_filename_component(folder ${source} DIRECTORY)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${folder}/*.h)
  set(includes)
  if(CMAKE_LIBRARY_ARCHITECTURE)  # asm/types.h of the kernel's user-space interface
    set(includes -I${CMAKE_SYSROOT}/usr/include/${CMAKE_LIBRARY_ARCHITECTURE})
  endif()
  add_custom_command(OUTPUT ${skeleton}
    COMMAND ${GOOFFSETS_BPF_CLANG} -target bpf -mcpu=v2 -O2 -g -Wall -Werror -D__TARGET_ARCH_${arch} ${includes} -c ${source} -o ${object}
    COMMAND sh -c "\"${GOOFFSETS_BPFTOOL}\" gen skeleton \"${object}\" name ${name} > \"${skeleton}.tmp\""
    COMMAND ${CMAKE_COMMAND} -E rename ${skeleton}.tmp ${skeleton}
    DEPENDS ${source} ${headers} VERBATIM COMMENT "Compiling kernel programs ${name}")
  add_library(${name}_bpf INTERFACE)
  add_custom_target(${name}_bpf_skeleton DEPENDS ${skeleton})
  add_dependencies(${name}_bpf ${name}_bpf_skeleton)
  target_sources(${name}_bpf INTERFACE ${skeleton})
  target_include_directories(${name}_bpf SYSTEM INTERFACE ${CMAKE_CURRENT_BINARY_DIR})
  target_link_libraries(${name}_bpf INTERFACE PkgConfig::BPF)
endfunction()
