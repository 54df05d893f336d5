#include "shoal/io/program_text.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace shoal::io {
namespace {

/// Of code that lies in no file, without the kernel's own.
std::uint64_t bytes_of_code_in_memory() {
  std::uint64_t bytes = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned long long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%llx-%llx r-xp", &begin, &end) != 2) continue;
    if (line.find(" r-xp ") != std::string::npos && line.find_first_of("/[") == std::string::npos) bytes += end - begin;
  }
  return bytes;
}

constexpr int moved = 0, wrong = 1, no_huge_pages = 2;

/// For a process of its own.
[[noreturn]] void move_and_look() {
  std::uint64_t before = bytes_of_code_in_memory();
  Result<std::uint64_t> bytes = move_program_text_to_huge_pages();
  if (!bytes) std::_Exit(bytes.error().code == ErrorCode::not_supported ? no_huge_pages : wrong);
  std::_Exit(*bytes > 0 && bytes_of_code_in_memory() == before + *bytes ? moved : wrong);
}

TEST(ProgramTextTest, MovesAndRunsOn) {
  auto is_good = [](int status) {
    return WIFEXITED(status) && (WEXITSTATUS(status) == moved || WEXITSTATUS(status) == no_huge_pages);
  };
  EXPECT_EXIT(move_and_look(), is_good, "");
}

}  // namespace
}  // namespace shoal::io
