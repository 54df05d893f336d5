#include "shoal/server/body_intake.h"

#include <utility>

#include "shoal/s3/checksum.h"
#include "shoal/s3/payload_decoder.h"
#include "shoal/s3/payload_verifier.h"

namespace shoal::server {
namespace {

/// How much of a body is read at a time.
constexpr std::size_t piece_bytes = 256 * 1024;

/// What a failed read of the request's body means to a client that may still listen.
s3::S3Error body_error(const Error& error) {
  switch (error.code) {
    case ErrorCode::timed_out:
      return {s3::S3ErrorCode::request_timeout, std::string(s3::default_message(s3::S3ErrorCode::request_timeout))};
    case ErrorCode::invalid_argument:
      return {s3::S3ErrorCode::invalid_request, error.message};
    default:
      return {s3::S3ErrorCode::incomplete_body, std::string(s3::default_message(s3::S3ErrorCode::incomplete_body))};
  }
}

/// Where the decoded pieces of a body go.
class PieceConsumer {
 public:
  virtual ~PieceConsumer() = default;
  /// Before the first piece: how many bytes there will be, if the client says so.
  virtual void expect(std::uint64_t /*bytes*/) {}
  /// take(), if that needs no waiting; otherwise false, and the piece is untouched.
  virtual bool try_take(Body& /*piece*/) { return false; }
  virtual Task<s3::S3Result<void>> take(Body piece) = 0;
};

class SinkConsumer final : public PieceConsumer {
 public:
  explicit SinkConsumer(service::ObjectSink& sink) : sink_(sink) {}
  void expect(std::uint64_t bytes) override { sink_.announce_size(bytes); }
  bool try_take(Body& piece) override { return sink_.try_write(piece); }
  Task<s3::S3Result<void>> take(Body piece) override { co_return to_s3(co_await sink_.write(std::move(piece))); }

 private:
  service::ObjectSink& sink_;
};

class TextConsumer final : public PieceConsumer {
 public:
  Task<s3::S3Result<void>> take(Body piece) override {
    for (const Body::Slice& slice : piece) text_.append(as_text(slice.bytes));
    co_return s3::S3Result<void>{};
  }
  std::string take_text() { return std::move(text_); }

 private:
  std::string text_;
};

/// One body on its way through decoder and verifier.
class BodyPipeline {
 public:
  struct Limits {
    std::uint64_t bytes_max;
    s3::S3ErrorCode too_large;
  };

  BodyPipeline(s3::PayloadDecoder::Options decoder, s3::PayloadVerifier::Options verifier, Limits limits,
               std::optional<ChecksumAlgorithm> algorithm, s3::Md5Queue& digests)
      : decoder_(std::move(decoder)), limits_(limits), digests_(digests) {
    if (!verifier.checksum && algorithm) extra_checksum_.emplace(*algorithm);
    verifier_.emplace(std::move(verifier));
  }

  Task<s3::S3Result<s3::PayloadDigest>> run(net::Exchange& exchange, PieceConsumer& consumer) {
    do {
      auto received = co_await exchange.read_body(piece_bytes);
      if (!received) co_return std::unexpected(body_error(received.error()));
      for (const Body::Slice& slice : *received) {
        for (ByteSpan input = slice.bytes; !input.empty();) {
          CO_TRY_ASSIGN(ByteSpan decoded, decode(input));
          if (decoded.empty()) continue;
          if (s3::Md5* md5 = verifier_->update_but_md5(decoded)) {
            if (decoded.size() < s3::Md5Queue::bytes_min) {
              md5->update(decoded);
            } else {
              co_await digests_.update(*md5, decoded);
            }
          }
          Body piece(slice.owner, decoded);
          if (consumer.try_take(piece)) continue;
          CO_TRY(co_await consumer.take(std::move(piece)));
        }
      }
    } while (!exchange.has_whole_body());
    CO_TRY(decoder_.finish());
    CO_TRY_ASSIGN(s3::PayloadDigest digest, verifier_->finish(decoder_.trailers()));
    if (extra_checksum_) {
      digest.checksums.push_back({extra_checksum_->algorithm(), ChecksumType::full_object, extra_checksum_->finish()});
    }
    co_return digest;
  }

 private:
  /// The next piece of the body, taken from the front of `input`; it may be empty.
  s3::S3Result<ByteSpan> decode(ByteSpan& input) {
    TRY_ASSIGN(ByteSpan piece, decoder_.decode(input));
    if (decoder_.decoded_bytes() > limits_.bytes_max) return s3::failure(limits_.too_large);
    if (extra_checksum_) extra_checksum_->update(piece);
    return piece;
  }

  s3::PayloadDecoder decoder_;
  std::optional<s3::PayloadVerifier> verifier_;
  std::optional<s3::ChecksumState> extra_checksum_;
  Limits limits_;
  s3::Md5Queue& digests_;
};

Task<s3::S3Result<s3::PayloadDigest>> receive(S3Call& call, PieceConsumer& consumer, BodyPipeline::Limits limits,
                                              std::optional<ChecksumAlgorithm> algorithm, ChecksumHeaders checksums) {
  net::Exchange& exchange = call.exchange();
  std::optional<std::uint64_t> length = exchange.content_length();
  if (!length && !exchange.has_body()) length = 0;
  CO_TRY_ASSIGN(auto decoder, s3::PayloadDecoder::options_of(exchange.head().headers, length, call.caller().payload));
  s3::PayloadVerifier::Options verifier;
  if (checksums == ChecksumHeaders::of_body) {
    CO_TRY_ASSIGN(verifier, s3::PayloadVerifier::options_of(exchange.head().headers, decoder));
  } else {
    CO_TRY_ASSIGN(verifier, s3::PayloadVerifier::options_without_checksum(exchange.head().headers, decoder));
  }
  // Before anything is read: the client that waits for 100 Continue then never sends it.
  if (decoder.decoded_length && *decoder.decoded_length > limits.bytes_max) co_return s3::failure(limits.too_large);
  if (decoder.decoded_length) consumer.expect(*decoder.decoded_length);
  BodyPipeline pipeline(std::move(decoder), std::move(verifier), limits, algorithm, *call.services().digests);
  co_return co_await pipeline.run(exchange, consumer);
}

}  // namespace

std::vector<Checksum> promised_checksums(S3Call& call, std::optional<ChecksumAlgorithm> algorithm) {
  const http::HeaderFields& headers = call.exchange().head().headers;
  for (http::HeaderField field : headers) {
    auto promised = s3::checksum_algorithm_of_header(field.name);
    if (promised) return {{*promised, ChecksumType::full_object, std::string(field.value)}};
  }
  if (auto trailer = headers.find("x-amz-trailer")) {
    if (auto promised = s3::checksum_algorithm_of_header(*trailer)) algorithm = promised;
  }
  if (!algorithm) return {};
  return {{*algorithm, ChecksumType::full_object, ""}};
}

Task<s3::S3Result<ReceivedBody>> receive_body(S3Call& call, service::ObjectSink& sink, std::uint64_t bytes_max,
                                              std::optional<ChecksumAlgorithm> algorithm) {
  if (!call.exchange().content_length() && !call.exchange().has_body()) {
    co_return s3::failure(s3::S3ErrorCode::missing_content_length);
  }
  SinkConsumer consumer(sink);
  BodyPipeline::Limits limits{bytes_max, s3::S3ErrorCode::entity_too_large};
  CO_TRY_ASSIGN(s3::PayloadDigest digest,
                co_await receive(call, consumer, limits, algorithm, ChecksumHeaders::of_body));
  ReceivedBody body;
  body.etag = std::move(digest.etag);
  body.checksums = std::move(digest.checksums);
  co_return body;
}

Task<s3::S3Result<std::string>> receive_document(S3Call& call, std::uint64_t bytes_max, ChecksumHeaders checksums) {
  TextConsumer consumer;
  BodyPipeline::Limits limits{bytes_max, s3::S3ErrorCode::max_message_length_exceeded};
  CO_TRY(co_await receive(call, consumer, limits, std::nullopt, checksums));
  co_return consumer.take_text();
}

}  // namespace shoal::server
