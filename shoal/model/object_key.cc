#include "shoal/model/object_key.h"

#include "shoal/base/hash.h"

namespace shoal {

std::uint64_t hash_of_key(std::string_view bucket, std::string_view name) {
  return hash64(as_bytes(name), hash64(as_bytes(bucket)));
}

ObjectKeyView::ObjectKeyView(std::string_view bucket_name, std::string_view object_name)
    : bucket(bucket_name), name(object_name), hash(hash_of_key(bucket_name, object_name)) {}

ObjectKeyView::ObjectKeyView(const ObjectKey& key) : ObjectKeyView(key.bucket, key.name) {}

}  // namespace shoal
