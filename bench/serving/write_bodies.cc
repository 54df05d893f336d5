// Writes the objects of a benchmark as files below a directory, for servers of files: DIR/BUCKET/PREFIX0000000000 …
//
//   write_bodies --to DIR [--bucket B] [--prefix P] [--objects N] [--size BYTES] [--seed S]
#include <filesystem>
#include <fstream>

#include "bench_objects.h"

int main(int argc, char** argv) {
  shoal::bench::BenchObjects::Options options;
  std::string directory = shoal::bench::read_options(argc, argv, options, "--to");
  if (directory.empty()) {
    std::cerr << "write_bodies: --to DIR is missing\n";
    return 2;
  }
  shoal::bench::BenchObjects objects(options);
  for (std::uint64_t number = 0; number < objects.count(); ++number) {
    std::filesystem::path path(directory + objects.names().bucket_path() + "/" + objects.names().name_of(number));
    std::filesystem::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << objects.body_of(number);
    file.close();
    if (!file) {
      std::cerr << "write_bodies: cannot write " << path << "\n";
      return 1;
    }
  }
  return 0;
}
