#include "shoal/s3/multipart_rules.h"

#include <algorithm>
#include <optional>

#include "shoal/base/result.h"
#include "shoal/base/text.h"
#include "shoal/s3/checksum.h"
#include "shoal/s3/digest.h"

namespace shoal::s3 {
namespace {

S3Error invalid_part(std::uint32_t number) {
  return {S3ErrorCode::invalid_part,
          "Part " + std::to_string(number) + " was not uploaded, or has another ETag or checksum."};
}

/// The value that a part has of an algorithm; nothing if it has none.
const Checksum* find_checksum(const PartInfo& part, ChecksumAlgorithm algorithm) {
  auto found = std::ranges::find(part.checksums, algorithm, &Checksum::algorithm);
  return found == part.checksums.end() ? nullptr : &*found;
}

bool is_same_part(const PartInfo& stored, const CompletedPart& listed) {
  if (stored.etag != listed.etag) return false;
  return std::ranges::all_of(listed.checksums, [&stored](const auto& checksum) {
    const Checksum* own = find_checksum(stored, checksum.first);
    return own != nullptr && own->value == checksum.second;
  });
}

/// The stored parts that the client lists, in its order.
S3Result<std::vector<PartInfo>> select_parts(std::span<const PartInfo> stored, std::span<const CompletedPart> listed) {
  std::vector<PartInfo> parts;
  parts.reserve(listed.size());
  for (const CompletedPart& part : listed) {
    if (!parts.empty() && part.number <= parts.back().number) return failure(S3ErrorCode::invalid_part_order);
    auto found = std::ranges::lower_bound(stored, part.number, {}, &PartInfo::number);
    if (found == stored.end() || found->number != part.number || !is_same_part(*found, part)) {
      return std::unexpected(invalid_part(part.number));
    }
    parts.push_back(*found);
  }
  return parts;
}

S3Result<std::uint64_t> total_size(std::span<const PartInfo> parts) {
  std::uint64_t total = 0;
  for (const PartInfo& part : parts) {
    bool last = &part == &parts.back();
    if (!last && part.size < part_bytes_min) {
      return failure(S3ErrorCode::entity_too_small,
                     "Part " + std::to_string(part.number) + " is smaller than 5 MiB and not the last.");
    }
    total += part.size;
    if (total > object_bytes_max) return failure(S3ErrorCode::entity_too_large);
  }
  return total;
}

/// The checksum of the object, or nothing if a part lacks its own.
std::optional<std::string> object_checksum(ChecksumAlgorithm algorithm, ChecksumType type,
                                           std::span<const PartInfo> parts) {
  std::vector<PartChecksum> checksums;
  checksums.reserve(parts.size());
  for (const PartInfo& part : parts) {
    const Checksum* own = find_checksum(part, algorithm);
    if (own == nullptr) return std::nullopt;
    checksums.push_back({own->value, part.size});
  }
  return type == ChecksumType::composite ? composite_checksum(algorithm, checksums)
                                         : combined_checksum(algorithm, checksums);
}

/// Whether what the client says is what we made; it may leave the number of parts away.
bool is_same_checksum(std::string_view said, std::string_view made) {
  return said == made || said == made.substr(0, made.rfind('-'));
}

/// The checksum of the object that the upload announced or the completion brings, checked against the latter.
S3Result<std::vector<Checksum>> make_checksums(const UploadInfo& upload, std::span<const PartInfo> parts,
                                               const CompletionHeaders& headers) {
  std::optional<ChecksumAlgorithm> algorithm = headers.checksum_algorithm;
  std::optional<ChecksumType> type = headers.checksum_type;
  if (!upload.info.checksums.empty()) {
    const Checksum& announced = upload.info.checksums.front();
    if ((algorithm && algorithm != announced.algorithm) || (type && type != announced.type)) {
      return failure(S3ErrorCode::invalid_request, "The upload was created with another kind of checksum.");
    }
    algorithm = announced.algorithm;
    type = announced.type;
  }
  if (!algorithm) return std::vector<Checksum>();
  if (!type) type = default_checksum_type(*algorithm);

  std::optional<std::string> value = object_checksum(*algorithm, *type, parts);
  if (headers.checksum_algorithm) {
    if (!value) {
      return failure(S3ErrorCode::invalid_request, "The parts do not have the checksum that the object is to have.");
    }
    if (!is_same_checksum(headers.checksum_value, *value)) return failure(S3ErrorCode::bad_digest);
  }
  if (!value) return std::vector<Checksum>();
  return std::vector<Checksum>{{*algorithm, *type, *std::move(value)}};
}

}  // namespace

S3Result<ObjectInfo> complete_upload(const UploadInfo& upload, std::span<const PartInfo> stored,
                                     std::span<const CompletedPart> listed, const CompletionHeaders& headers) {
  TRY_ASSIGN(std::vector<PartInfo> parts, select_parts(stored, listed));
  ObjectInfo object = upload.info;
  TRY_ASSIGN(object.size, total_size(parts));
  if (headers.object_size && *headers.object_size != object.size) {
    return failure(S3ErrorCode::invalid_request, "The parts do not add up to x-amz-mp-object-size.");
  }
  TRY_ASSIGN(object.etag, multipart_etag(listed));
  TRY_ASSIGN(object.checksums, make_checksums(upload, parts, headers));
  object.parts = std::move(parts);
  return object;
}

S3Result<std::string> multipart_etag(std::span<const CompletedPart> parts) {
  Md5 md5;
  for (const CompletedPart& part : parts) {
    std::optional<std::vector<std::byte>> value = from_hex(part.etag);
    if (!value || value->size() != Md5::Value().size()) return std::unexpected(invalid_part(part.number));
    md5.update(*value);
  }
  return to_hex(md5.finish()) + "-" + std::to_string(parts.size());
}

}  // namespace shoal::s3
