#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "shoal/base/bytes.h"
#include "shoal/base/crc.h"
#include "shoal/storage/checkpoint_root.h"
#include "shoal/storage/shard_index.h"

using namespace shoal;
using namespace shoal::storage;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_checkpoint_root(as_bytes(text));
  if (Result<ShardIndex> shard = ShardIndex::load(text)) {
    for (std::size_t page = 0; page < shard->page_count(); ++page) (void)shard->place_of_page(page);
    (void)shard->missing_page({"bucket", "name"});
  }
  // A root whose checksum is right, so that what lies behind the check is reached too.
  std::string root = encode_checkpoint_root(CheckpointRoot());
  constexpr std::size_t fixed_bytes = 16;
  root.resize(fixed_bytes);
  root.append(text);
  std::byte checksum[sizeof(std::uint32_t)];
  store_le(checksum, crc32c(as_bytes(root)));
  root.append(as_text(checksum));
  if (Result<CheckpointRoot> parsed = parse_checkpoint_root(as_bytes(root))) {
    if (!parse_checkpoint_root(as_bytes(encode_checkpoint_root(*parsed)))) std::abort();
  }
  return 0;
}
