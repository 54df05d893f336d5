# shoal_module(NAME USES modules... LIBS targets... TEST_USES modules...)
#
# One call makes, from the files of the current folder:
#   shoal_NAME        a static library of every *.cc that is not a test or a fuzzer (header-only modules: an interface)
#   NAME_test         one test binary of every *_test.cc
#   NAME_links_alone  a program of the whole library and the modules it declares, which fails to link when the
#                     library uses something that it did not declare
#   NAME_*_fuzz       a fuzzer for every *_fuzz.cc (preset `fuzz`)
# and one line in modules.txt, which tests/architecture compares with the includes of the sources.
set(SHOAL_MODULES_FILE "${PROJECT_BINARY_DIR}/modules.txt")
file(WRITE "${SHOAL_MODULES_FILE}" "")

function(shoal_module NAME)
  cmake_parse_arguments(PARSE_ARGV 1 MODULE "" "" "USES;LIBS;TEST_USES")
  file(GLOB sources CONFIGURE_DEPENDS "*.cc")
  file(GLOB tests CONFIGURE_DEPENDS "*_test.cc")
  file(GLOB fuzzers CONFIGURE_DEPENDS "*_fuzz.cc")
  list(REMOVE_ITEM sources ${tests} ${fuzzers})
  string(JOIN " " uses ${MODULE_USES})
  string(JOIN " " test_uses ${MODULE_TEST_USES})
  file(APPEND "${SHOAL_MODULES_FILE}" "${NAME}: ${uses} | ${test_uses}\n")
  list(TRANSFORM MODULE_USES PREPEND shoal_)
  list(TRANSFORM MODULE_TEST_USES PREPEND shoal_)

  if(sources)
    add_library(shoal_${NAME} STATIC ${sources})
    target_link_libraries(shoal_${NAME} PUBLIC shoal_options ${MODULE_USES} ${MODULE_LIBS})
  else()
    add_library(shoal_${NAME} INTERFACE)
    target_link_libraries(shoal_${NAME} INTERFACE shoal_options ${MODULE_USES} ${MODULE_LIBS})
  endif()

  if(SHOAL_TESTS)
    if(sources)
      add_executable(${NAME}_links_alone "${PROJECT_SOURCE_DIR}/cmake/links_alone.cc")
      target_link_libraries(${NAME}_links_alone PRIVATE
        -Wl,--whole-archive shoal_${NAME} -Wl,--no-whole-archive ${MODULE_USES} ${MODULE_LIBS} shoal_options)
      add_test(NAME ${NAME}_links_alone COMMAND ${NAME}_links_alone)
    endif()
    if(tests)
      add_executable(${NAME}_test ${tests})
      target_link_libraries(${NAME}_test PRIVATE shoal_${NAME} ${MODULE_TEST_USES} GTest::gmock GTest::gtest_main)
      target_compile_definitions(${NAME}_test PRIVATE SHOAL_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
      add_test(NAME ${NAME}_test COMMAND ${NAME}_test --gtest_brief=1)
    endif()
  endif()

  if(SHOAL_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(fuzzer_name "${fuzzer}" NAME_WE)
      add_executable(${fuzzer_name} "${fuzzer}")
      target_link_libraries(${fuzzer_name} PRIVATE shoal_${NAME})
      target_link_options(${fuzzer_name} PRIVATE -fsanitize=fuzzer)
    endforeach()
  endif()
endfunction()
