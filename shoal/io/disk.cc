#include "shoal/io/disk.h"

namespace shoal::io {

std::string parent_directory(std::string_view path) {
  std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

Task<Result<std::vector<std::byte>>> read_file(Disk* disk, std::string path, std::uint64_t bytes_max) {
  OpenOptions options;
  CO_TRY_ASSIGN(std::unique_ptr<File> file, co_await disk->open(path, options));
  CO_TRY_ASSIGN(std::uint64_t size, co_await file->size());
  if (size > bytes_max) co_return failure(ErrorCode::too_large, path + " has " + std::to_string(size) + " bytes");
  std::vector<std::byte> content(size);
  CO_TRY_ASSIGN(std::size_t got, co_await file->read(0, content));
  content.resize(got);
  co_return content;
}

Task<Result<void>> replace_file(Disk* disk, std::string path, std::vector<std::byte> content,
                                std::uint32_t permissions) {
  std::string new_path = path + ".new";
  OpenOptions options;
  options.mode = OpenMode::create;
  options.permissions = permissions;
  CO_TRY_ASSIGN(std::unique_ptr<File> file, co_await disk->open(new_path, options));
  CO_TRY(co_await file->truncate(0));  // a leftover of an attempt that was cut short
  std::vector<ByteSpan> pieces(1, ByteSpan(content));
  CO_TRY(co_await file->write(0, std::move(pieces)));
  CO_TRY(co_await file->sync_data());
  CO_TRY(co_await disk->rename(new_path, path));
  co_return co_await disk->sync_directory(parent_directory(path));
}

}  // namespace shoal::io
