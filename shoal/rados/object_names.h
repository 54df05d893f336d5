#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::rados {

// How RADOS objects and the keys of their omaps are called. librados takes names as C strings, so names of ours, which
// may have any bytes, are escaped in a way that keeps their order and has no NUL: 00 is 01 02, 01 is 01 03, and 01 01
// ends a name that something follows.

std::string escaped(std::string_view name);
/// Nothing if it is no escaped name.
std::optional<std::string> unescaped(std::string_view escaped_name);

/// A name that is used once: 32 hexadecimal digits that nobody can foresee.
inline constexpr std::size_t random_name_chars = 32;
std::string random_name();

/// The object that knows the buckets.
std::string root_object();
/// The head of an object: what is known of it, and its bytes when they are few.
std::string head_object(std::string_view bucket_id, std::string_view name);
/// A piece of a body.
std::string stripe_object(std::string_view bucket_id, std::string_view generation, std::uint64_t index);
std::string index_object(std::string_view bucket_id, std::uint32_t shard);
/// The object that knows the uploads of a bucket.
std::string uploads_object(std::string_view bucket_id);
/// An upload with its parts.
std::string upload_object(std::string_view bucket_id, std::string_view upload_id);

/// The key of an upload in the omap of uploads_object(): in order of the names.
std::string upload_key(std::string_view name, std::string_view upload_id);

}  // namespace shoal::rados
