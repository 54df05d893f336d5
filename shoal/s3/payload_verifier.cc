#include "shoal/s3/payload_verifier.h"

#include <algorithm>

#include "shoal/base/text.h"

namespace shoal::s3 {
namespace {

std::unexpected<S3Error> malformed_checksum(ChecksumAlgorithm algorithm) {
  return failure(S3ErrorCode::bad_digest,
                 "Value for " + std::string(checksum_header(algorithm)) + " header is invalid.");
}

S3Result<std::optional<Md5::Value>> content_md5(const http::HeaderFields& headers) {
  std::optional<std::string_view> text = headers.find("content-md5");
  if (!text) return std::nullopt;
  Md5::Value value;
  std::optional<std::vector<std::byte>> bytes = from_base64(*text);
  if (!bytes || bytes->size() != value.size() || headers.count("content-md5") > 1) {
    return failure(S3ErrorCode::invalid_digest);
  }
  copy_bytes(*bytes, value);
  return value;
}

}  // namespace

S3Result<PayloadVerifier::Options> PayloadVerifier::options_without_checksum(const http::HeaderFields& headers,
                                                                             const PayloadDecoder::Options& decoder) {
  Options options;
  TRY_ASSIGN(options.content_md5, content_md5(headers));
  if (decoder.auth.kind == PayloadKind::single_sha256) options.sha256 = decoder.auth.sha256;
  return options;
}

S3Result<PayloadVerifier::Options> PayloadVerifier::options_of(const http::HeaderFields& headers,
                                                               const PayloadDecoder::Options& decoder) {
  TRY_ASSIGN(Options options, options_without_checksum(headers, decoder));
  int checksums = 0;
  for (http::HeaderField field : headers) {
    std::optional<ChecksumAlgorithm> algorithm = checksum_algorithm_of_header(field.name);
    if (!algorithm) continue;
    if (!is_checksum_value(*algorithm, field.value)) return malformed_checksum(*algorithm);
    options.checksum = algorithm;
    options.checksum_value = std::string(field.value);
    ++checksums;
  }
  for (const std::string& name : decoder.trailer_names) {
    options.checksum = checksum_algorithm_of_header(name);
    ++checksums;
  }
  if (checksums > 1) {
    return failure(S3ErrorCode::invalid_request,
                   "Expecting a single x-amz-checksum- header. Multiple checksum types are not allowed.");
  }

  if (std::optional<std::string_view> announced = headers.find("x-amz-sdk-checksum-algorithm")) {
    std::optional<ChecksumAlgorithm> algorithm = parse_checksum_algorithm(*announced);
    if (!algorithm || (options.checksum && options.checksum != algorithm)) {
      return failure(S3ErrorCode::invalid_request, "Value for x-amz-sdk-checksum-algorithm header is invalid.");
    }
    // A client may send Content-MD5 in place of the checksum that it names.
    if (!options.checksum && !options.content_md5) {
      return failure(S3ErrorCode::invalid_request,
                     "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer "
                     "headers were found.");
    }
  }
  return options;
}

PayloadVerifier::PayloadVerifier(Options options) : options_(std::move(options)) {
  if (options_.etag || options_.content_md5) md5_.emplace();
  if (options_.sha256) sha256_.emplace();
  if (options_.checksum) checksum_.emplace(*options_.checksum);
}

void PayloadVerifier::update(ByteSpan bytes) {
  if (Md5* md5 = update_but_md5(bytes)) md5->update(bytes);
}

Md5* PayloadVerifier::update_but_md5(ByteSpan bytes) {
  size_ += bytes.size();
  if (sha256_) sha256_->update(bytes);
  if (checksum_) checksum_->update(bytes);
  return md5_ ? &*md5_ : nullptr;
}

S3Result<PayloadDigest> PayloadVerifier::finish(const std::vector<PayloadDecoder::Trailer>& trailers) {
  PayloadDigest digest;
  digest.size = size_;
  if (sha256_ && sha256_->finish() != *options_.sha256) return failure(S3ErrorCode::x_amz_content_sha256_mismatch);
  if (md5_) {
    Md5::Value md5 = md5_->finish();
    if (options_.content_md5 && md5 != *options_.content_md5) {
      return failure(S3ErrorCode::bad_digest, "The Content-MD5 you specified did not match what we received.");
    }
    if (options_.etag) digest.etag = to_hex(md5);
  }
  if (checksum_) {
    std::string_view name = checksum_header(*options_.checksum);
    if (!options_.checksum_value) {
      auto trailer = std::ranges::find(trailers, name, &PayloadDecoder::Trailer::first);
      if (trailer == trailers.end() || !is_checksum_value(*options_.checksum, trailer->second)) {
        return malformed_checksum(*options_.checksum);
      }
      options_.checksum_value = trailer->second;
    }
    std::string value = checksum_->finish();
    if (value != *options_.checksum_value) {
      return failure(S3ErrorCode::bad_digest, "The " + std::string(to_string(*options_.checksum)) +
                                                  " you specified did not match the calculated one.");
    }
    digest.checksums.push_back({*options_.checksum, ChecksumType::full_object, std::move(value)});
  }
  return digest;
}

}  // namespace shoal::s3
