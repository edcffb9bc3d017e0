# Writes OUT, a header with the text of SOURCE: the service describes itself.
file(READ ${SOURCE} text)
# A compiler need not take a literal beyond 64 KiB (C++ [implimits]): cut into pieces that it joins.
string(LENGTH "${text}" length)
set(pieces "")
set(at 0)
while(at LESS length)
  string(SUBSTRING "${text}" ${at} 8000 piece)
  string(APPEND pieces "    R\"~yaml~(${piece})~yaml~\"\n")
  math(EXPR at "${at} + 8000")
endwhile()
file(WRITE ${OUT}.tmp "// Generated from schema/openapi.yaml. DO NOT EDIT.\n#pragma once\ninline constexpr const char* kOpenApiYaml =\n${pieces}    ;\n")
file(RENAME ${OUT}.tmp ${OUT})
