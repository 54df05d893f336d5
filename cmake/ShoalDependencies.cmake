# Third-party libraries, each as one target that modules name in LIBS. All are Debian 12 packages (scripts/install).
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(pugixml REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(uring REQUIRED IMPORTED_TARGET liburing)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
# toml++ without exceptions is header-only; Debian's library is the one with them.
find_path(TOMLPLUSPLUS_INCLUDE_DIRECTORY toml++/toml.h REQUIRED)
add_library(shoal_tomlplusplus INTERFACE)
target_include_directories(shoal_tomlplusplus SYSTEM INTERFACE "${TOMLPLUSPLUS_INCLUDE_DIRECTORY}")
target_compile_definitions(shoal_tomlplusplus INTERFACE TOML_HEADER_ONLY=1 TOML_EXCEPTIONS=0)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
# Optional: without librados an origin of rados:// is refused at the start.
find_path(LIBRADOS_INCLUDE_DIRECTORY rados/librados.h)
if(LIBRADOS_INCLUDE_DIRECTORY)
  # Loaded when it is needed, not linked (shoal/rados/librados/librados_api.h).
  add_library(shoal_librados INTERFACE)
  target_include_directories(shoal_librados SYSTEM INTERFACE "${LIBRADOS_INCLUDE_DIRECTORY}")
  target_link_libraries(shoal_librados INTERFACE ${CMAKE_DL_LIBS})
else()
  message(STATUS "No librados: built without origins of rados:// (scripts/install ceph)")
endif()
if(SHOAL_TESTS OR SHOAL_BENCH)
  find_package(GTest REQUIRED)
endif()

# Asio is compiled once, in base (base/asio.cc), not in every file that includes it.
add_library(shoal_asio INTERFACE)
target_link_libraries(shoal_asio INTERFACE Boost::headers Threads::Threads OpenSSL::SSL)
target_compile_definitions(shoal_asio INTERFACE
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_NO_TS_EXECUTORS
  # Memory comes from operator new instead of std::aligned_alloc, for which glibc 2.36 keeps no freed blocks ready. Both
  # align to 16 bytes.
  BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC BOOST_ASIO_DISABLE_BOOST_ALIGN)
