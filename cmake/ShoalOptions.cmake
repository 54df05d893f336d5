# Language level, warnings, sanitizers: what every target of the project is built with.
option(SHOAL_TESTS "Build the tests" ON)
option(SHOAL_FUZZ "Build the fuzzers (clang only)" OFF)
option(SHOAL_BENCH "Build bench/, which needs the packages of the peers" OFF)
option(SHOAL_COVERAGE "Instrument for gcov" OFF)
option(SHOAL_WARNINGS_AS_ERRORS "Stop at the first warning" ON)
set(SHOAL_SANITIZE "" CACHE STRING "Value of -fsanitize=, for example address,undefined")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(SHOAL_CCACHE ccache)
if(SHOAL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SHOAL_CCACHE}")
endif()

add_library(shoal_options INTERFACE)
target_include_directories(shoal_options INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_BINARY_DIR}/generated")
target_compile_options(shoal_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wunused -Wnull-dereference
  -fno-omit-frame-pointer)
if(SHOAL_WARNINGS_AS_ERRORS)
  target_compile_options(shoal_options INTERFACE -Werror)
endif()
# The server runs on x86-64 machines of the last ten years; SSE4.2 and PCLMUL are used without a run-time check,
# wider instruction sets only behind one.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(shoal_options INTERFACE -march=x86-64-v2 -mtune=generic)
endif()
# GCC 12 sees null dereferences in coroutine frames that cannot happen, and takes the promise's operator delete for a
# mismatch when it inlined the promise's operator new.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(shoal_options INTERFACE -Wno-null-dereference -Wno-mismatched-new-delete)
endif()
if(SHOAL_SANITIZE)
  target_compile_options(shoal_options INTERFACE -fsanitize=${SHOAL_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(shoal_options INTERFACE -fsanitize=${SHOAL_SANITIZE})
endif()
if(SHOAL_COVERAGE)
  target_compile_options(shoal_options INTERFACE --coverage)
  target_link_options(shoal_options INTERFACE --coverage)
endif()
find_program(SHOAL_MOLD mold)
if(SHOAL_MOLD)
  target_link_options(shoal_options INTERFACE -fuse-ld=mold)
endif()
