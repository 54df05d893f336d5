#include "shoal/storage/page_file.h"

#include <utility>
#include <vector>

#include "shoal/base/crc.h"

namespace shoal::storage {

PagePlace PageFile::append(std::string_view page) {
  PagePlace place{id_, bytes(), static_cast<std::uint32_t>(page.size()), crc32c(as_bytes(page))};
  pending_.append(page);
  return place;
}

Task<Result<void>> PageFile::write() {
  if (pending_.empty()) co_return Result<void>();
  if (file_ == nullptr) {
    io::OpenOptions options;
    options.mode = io::OpenMode::create_exclusively;
    CO_TRY_ASSIGN(file_, co_await disk_->open(path_, options));
  }
  std::vector<ByteSpan> pieces(1, as_bytes(pending_));
  CO_TRY(co_await file_->write(written_, std::move(pieces)));
  written_ += pending_.size();
  pending_.clear();
  co_return Result<void>();
}

Task<Result<void>> PageFile::sync() {
  if (file_ == nullptr) co_return Result<void>();
  co_return co_await file_->sync_data();
}

}  // namespace shoal::storage
