#include "shoal/s3/sigv4.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shoal/base/hex.h"
#include "shoal/base/text.h"
#include "shoal/http/uri.h"
#include "shoal/s3/amz_date.h"

namespace shoal::s3 {
namespace {

using std::chrono::sys_seconds;

constexpr std::string_view algorithm_name = "AWS4-HMAC-SHA256";

/// The value of a header that must not be there twice.
S3Result<std::optional<std::string_view>> single_header(const RequestView& request, std::string_view name) {
  std::optional<std::string_view> value;
  for (const http::HeaderField& header : request.headers) {
    if (header.name.size() != name.size() || !equals_ignoring_ascii_case(header.name, name)) continue;
    if (value)
      return failure(S3ErrorCode::invalid_request, "The header " + std::string(name) + " is there more than once.");
    value = trim_blanks(header.value);
  }
  return value;
}

/// "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request", taken apart.
struct CredentialScope {
  std::string_view access_key, date, region;
  std::string_view access_key_to_region;  // "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1"
  std::string_view scope;                 // "20130524/us-east-1/s3/aws4_request"
};

bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool is_date(std::string_view text) {
  return text.size() == 8 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

S3Result<CredentialScope> parse_credential(std::string_view text, S3ErrorCode code) {
  std::array<std::string_view, 5> fields;
  std::size_t at = 0;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::size_t end = text.find('/', at);
    if ((end == std::string_view::npos) != (i + 1 == fields.size())) {
      return failure(code, "The credential must be of the form ACCESS_KEY/YYYYMMDD/REGION/s3/aws4_request.");
    }
    fields[i] = text.substr(at, end - at);
    at = end + 1;
  }
  auto [access_key, date, region, service, terminator] = fields;
  if (access_key.empty() || access_key.size() > 128) return failure(code, "The credential has no proper access key.");
  if (!is_date(date)) return failure(code, "The date of the credential must be of the form YYYYMMDD.");
  if (!is_region(region)) return failure(code, "The region of the credential is not well-formed.");
  if (service != "s3") return failure(code, "The service of the credential must be \"s3\".");
  if (terminator != "aws4_request") return failure(code, "The credential must end with \"aws4_request\".");
  auto region_end = static_cast<std::size_t>(region.data() + region.size() - text.data());
  return CredentialScope{access_key, date, region, text.substr(0, region_end), text.substr(access_key.size() + 1)};
}

/// Lower-case names in ascending order, without repetitions, so that there is one way to write a set of headers.
bool is_signed_headers(std::string_view names) {
  std::string_view previous;
  while (true) {
    std::size_t end = std::min(names.find(';'), names.size());
    std::string_view name = names.substr(0, end);
    bool is_lower = std::ranges::none_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || c <= ' '; });
    if (name.empty() || !is_lower || name <= previous) return false;
    if (end == names.size()) return true;
    previous = name;
    names.remove_prefix(end + 1);
  }
}

S3Result<void> check_signed_headers(const RequestView& request, std::string_view signed_headers) {
  if (!is_signed(signed_headers, "host")) {
    return failure(S3ErrorCode::access_denied, "The header host must be signed.");
  }
  for (const http::HeaderField& header : request.headers) {
    if (starts_with_ignoring_ascii_case(header.name, "x-amz-") && !is_signed(signed_headers, header.name)) {
      return failure(S3ErrorCode::access_denied,
                     "There were headers present in the request which were not signed: " + to_lower_ascii(header.name));
    }
  }
  return {};
}

using SignatureText = std::array<char, 2 * sizeof(Sha256::Value)>;

SignatureText signature_text(const HmacSha256& key, std::string_view string_to_sign) {
  SignatureText digits;
  write_hex(digits.data(), key.of(as_bytes(string_to_sign)));
  return digits;
}

std::string_view view(const SignatureText& text) { return {text.data(), text.size()}; }

/// All of `payload` but the signer of its chunks.
S3Result<void> parse_payload_hash(std::string_view text, PayloadAuth& payload) {
  if (text == payload_unsigned) {
    payload.kind = PayloadKind::unsigned_payload;
  } else if (text == payload_streaming_signed) {
    payload.kind = PayloadKind::streaming_signed;
  } else if (text == payload_streaming_signed_trailer) {
    payload.kind = PayloadKind::streaming_signed_trailer;
  } else if (text == payload_streaming_unsigned_trailer) {
    payload.kind = PayloadKind::streaming_unsigned_trailer;
  } else if (text.starts_with("STREAMING-")) {
    return failure(S3ErrorCode::access_denied, "This way to sign a payload is not supported.");
  } else {
    if (!read_hex(payload.sha256, text)) {
      return failure(S3ErrorCode::invalid_argument,
                     "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, a streaming kind, or a valid SHA-256.");
    }
    payload.kind = PayloadKind::single_sha256;
  }
  return {};
}

std::unexpected<S3Error> unsupported_mechanism() {
  return failure(S3ErrorCode::access_denied,
                 "The way this request is authenticated is not supported. Please use AWS4-HMAC-SHA256.");
}

bool is_timely(sys_seconds signed_at, WallTime now) {
  return signed_at <= now + clock_skew_max && signed_at >= now - clock_skew_max;
}

S3Result<void> check_header_time(sys_seconds signed_at, WallTime now) {
  if (!is_timely(signed_at, now)) return failure(S3ErrorCode::request_time_too_skewed);
  return {};
}

S3Result<void> check_presigned_time(sys_seconds signed_at, std::string_view expires, WallTime now) {
  std::optional<std::uint64_t> seconds = parse_decimal(expires);
  constexpr auto seconds_max = static_cast<std::uint64_t>(std::chrono::seconds(presign_life_max).count());
  if (!seconds || *seconds == 0 || *seconds > seconds_max) {
    return failure(S3ErrorCode::access_denied, "X-Amz-Expires must be a number of seconds from 1 to 604800 (a week).");
  }
  if (signed_at > now + clock_skew_max) return failure(S3ErrorCode::access_denied, "Request is not valid yet");
  if (now >= signed_at + std::chrono::seconds(*seconds))
    return failure(S3ErrorCode::access_denied, "Request has expired");
  return {};
}

}  // namespace

void Verified::clear() {
  access_key.clear();
  principal.id.clear();
  region.clear();
  signed_at = {};
  presigned = false;
  payload.kind = PayloadKind::unsigned_payload;
  payload.sha256 = {};
  payload.chunk_signer.reset();
}

/// What a request says about who signed it, before anything is proved. Views into the request and its query.
struct SigV4Verifier::Claim {
  CredentialScope credential;
  std::string_view signed_headers;
  std::string_view signature;
  sys_seconds signed_at;
  std::string_view timestamp;  // the same in the form that is signed, if it came so
  std::string_view payload_hash;
  std::optional<std::string_view> expires;  // of a presigned URL
};

/// What an Authorization header says. Views.
struct SigV4Verifier::Authorization {
  CredentialScope credential;
  std::string_view signed_headers;
  std::string_view signature;
};

/// The last Authorization header without its signature, taken apart: for the rest of a day a client says the same in
/// each request. Nothing of it is proved.
class SigV4Verifier::LastAuthorization {
 public:
  /// What the header says if it differs in its signature only; views into it and into what is remembered here, until
  /// the next call of remember().
  std::optional<Authorization> with_signature_of(std::string_view authorization) const {
    if (text_.empty() || !authorization.starts_with(text_)) return std::nullopt;
    std::string_view signature = authorization.substr(text_.size());
    if (signature.empty() || signature.contains(',') || signature.contains(' ') || signature.contains('\t')) {
      return std::nullopt;
    }
    Authorization same = parts_;
    same.signature = signature;
    return same;
  }

  /// `parts` are those of `authorization`, and right in their form.
  void remember(std::string_view authorization, const Authorization& parts) {
    text_.clear();
    if (parts.signature.end() != authorization.end()) return;  // it is not the last that is said
    text_ = authorization.substr(0, authorization.size() - parts.signature.size());
    auto own = [&](std::string_view part) {
      return std::string_view(text_).substr(static_cast<std::size_t>(part.data() - authorization.data()), part.size());
    };
    const CredentialScope& scope = parts.credential;
    parts_ = {.credential = {own(scope.access_key), own(scope.date), own(scope.region), own(scope.access_key_to_region),
                             own(scope.scope)},
              .signed_headers = own(parts.signed_headers),
              .signature = {}};
  }

 private:
  std::string text_;  // empty: nothing is remembered
  Authorization parts_;
};

bool has_credentials(const http::RequestHead& head, std::span<const http::QueryParameter> query) {
  if (head.headers.find("authorization")) return true;
  if (head.headers.find("x-amz-content-sha256").value_or("").starts_with("STREAMING-")) return true;
  return std::ranges::any_of(query, [](const http::QueryParameter& parameter) {
    return starts_with_ignoring_ascii_case(parameter.name, "x-amz-") ||
           equals_ignoring_ascii_case(parameter.name, "awsaccesskeyid") ||
           equals_ignoring_ascii_case(parameter.name, "signature");
  });
}

SigV4Verifier::SigV4Verifier(const KeyStore* keys, std::size_t cached_keys_max)
    : keys_(keys),
      last_authorization_(std::make_unique<LastAuthorization>()),
      nobody_{SecretKey("0000000000000000000000000000000000000000"), Principal{}},
      signing_keys_(cached_keys_max) {}

S3Result<void> SigV4Verifier::verify(const http::RequestHead& head, std::span<const http::QueryParameter> query,
                                     WallTime now, Verified& verified) {
  http::TargetParts target = http::split_target(head.target);
  header_scratch_.assign(head.headers.begin(), head.headers.end());
  return verify({.method = head.method,
                 .path = target.path,
                 .query = target.query,
                 .headers = header_scratch_,
                 .likeness = head.headers.likeness()},
                query, now, verified);
}

SigV4Verifier::~SigV4Verifier() = default;

S3Result<Verified> SigV4Verifier::verify(const http::RequestHead& head, WallTime now) {
  TRY_ASSIGN(std::vector<http::QueryParameter> query, decode_query(http::split_target(head.target).query));
  Verified verified;
  TRY(verify(head, query, now, verified));
  return verified;
}

S3Result<Verified> SigV4Verifier::verify(const RequestView& request, WallTime now) {
  TRY_ASSIGN(std::vector<http::QueryParameter> query, decode_query(request.query));
  Verified verified;
  TRY(verify(request, query, now, verified));
  return verified;
}

S3Result<void> SigV4Verifier::verify(const RequestView& request, std::span<const http::QueryParameter> query,
                                     WallTime now, Verified& verified) {
  if (query.empty() && verify_repeated(request, now, verified)) return {};
  TRY_ASSIGN(std::optional<std::string_view> authorization, single_header(request, "authorization"));
  TRY_ASSIGN(SigningParameters parameters, find_signing_parameters(query));
  if (authorization && parameters.present != 0) {
    return failure(
        S3ErrorCode::invalid_argument,
        "Only one way to authenticate is allowed: the Authorization header or the X-Amz-* query parameters.");
  }
  TRY_ASSIGN(std::optional<std::string_view> token, single_header(request, "x-amz-security-token"));
  if (token || !parameters.security_token.empty()) return failure(S3ErrorCode::invalid_token);
  if (parameters.present != 0) {
    TRY_ASSIGN(Claim claim, claim_of_query(request, parameters));
    return check(request, query, claim, now, verified);
  }
  if (!authorization || authorization->empty()) return failure(S3ErrorCode::access_denied);
  TRY_ASSIGN(Claim claim, claim_of_header(request, *authorization));
  return check(request, query, claim, now, verified);
}

/// Finds the signing parameters of the query. Each may come once and is written in one way only, so that no other
/// reader of the same query can see another value.
S3Result<SigV4Verifier::SigningParameters> SigV4Verifier::find_signing_parameters(
    std::span<const http::QueryParameter> query) {
  using Parameter = std::string_view SigningParameters::*;
  static constexpr std::array<std::pair<std::string_view, Parameter>, 8> known = {{
      {"X-Amz-Algorithm", &SigningParameters::algorithm},
      {"X-Amz-Credential", &SigningParameters::credential},
      {"X-Amz-Date", &SigningParameters::date},
      {"X-Amz-Expires", &SigningParameters::expires},
      {"X-Amz-SignedHeaders", &SigningParameters::signed_headers},
      {"X-Amz-Signature", &SigningParameters::signature},
      {"X-Amz-Security-Token", &SigningParameters::security_token},
      {"X-Amz-Content-Sha256", &SigningParameters::content_sha256},
  }};
  SigningParameters found;
  for (const http::QueryParameter& parameter : query) {
    for (std::size_t i = 0; i < known.size(); ++i) {
      auto [name, value] = known[i];
      if (parameter.name.size() != name.size() || !equals_ignoring_ascii_case(parameter.name, name)) continue;
      if (parameter.name != name || (found.present & 1U << i) != 0) {
        return failure(S3ErrorCode::authorization_query_parameters_error,
                       "The parameter " + std::string(name) + " must be written so, and be there once.");
      }
      found.present |= 1U << i;
      found.*value = parameter.value;
    }
  }
  return found;
}

S3Result<SigV4Verifier::Authorization> SigV4Verifier::take_apart(std::string_view authorization) {
  if (std::optional<Authorization> same = last_authorization_->with_signature_of(authorization)) return *same;
  constexpr auto malformed = S3ErrorCode::authorization_header_malformed;
  std::size_t algorithm_end = std::min(authorization.find(' '), authorization.size());
  if (authorization.substr(0, algorithm_end) != algorithm_name) return unsupported_mechanism();

  std::string_view credential, signed_headers, signature;
  const std::array<std::pair<std::string_view, std::string_view*>, 3> fields = {{
      {"Credential", &credential},
      {"SignedHeaders", &signed_headers},
      {"Signature", &signature},
  }};
  std::string_view rest = authorization.substr(algorithm_end);
  while (!rest.empty()) {
    std::size_t end = std::min(rest.find(','), rest.size());
    std::string_view field = trim_blanks(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    std::size_t equals = std::min(field.find('='), field.size());
    auto known = std::ranges::find(fields, field.substr(0, equals), [](const auto& entry) { return entry.first; });
    if (known == fields.end() || equals == field.size() || !known->second->empty()) {
      return failure(
          malformed,
          "The authorization header is malformed; it must have Credential, SignedHeaders and Signature, once each.");
    }
    *known->second = field.substr(equals + 1);
  }
  if (credential.empty() || signed_headers.empty() || signature.empty()) {
    return failure(malformed,
                   "The authorization header is malformed; it lacks Credential, SignedHeaders or Signature.");
  }
  if (!is_signed_headers(signed_headers)) {
    return failure(malformed, "The authorization header is malformed; SignedHeaders must be sorted lower-case names.");
  }
  Authorization parts{.credential = {}, .signed_headers = signed_headers, .signature = signature};
  TRY_ASSIGN(parts.credential, parse_credential(credential, malformed));
  last_authorization_->remember(authorization, parts);
  return parts;
}

S3Result<SigV4Verifier::Claim> SigV4Verifier::claim_of_header(const RequestView& request,
                                                              std::string_view authorization) {
  TRY_ASSIGN(Authorization parts, take_apart(authorization));
  Claim claim;
  claim.credential = parts.credential;
  claim.signed_headers = parts.signed_headers;
  claim.signature = parts.signature;

  TRY_ASSIGN(std::optional<std::string_view> amz_date, single_header(request, "x-amz-date"));
  std::optional<sys_seconds> signed_at;
  if (amz_date) {
    signed_at = parse_amz_date(*amz_date);
    claim.timestamp = *amz_date;
  } else {
    TRY_ASSIGN(std::optional<std::string_view> date, single_header(request, "date"));
    if (date) signed_at = parse_date_header(*date);
  }
  if (!signed_at) {
    return failure(S3ErrorCode::access_denied, "AWS authentication requires a valid Date or x-amz-date header");
  }
  claim.signed_at = *signed_at;

  TRY_ASSIGN(std::optional<std::string_view> payload_hash, single_header(request, "x-amz-content-sha256"));
  if (!payload_hash) {
    return failure(S3ErrorCode::invalid_request, "Missing required header for this request: x-amz-content-sha256");
  }
  claim.payload_hash = *payload_hash;
  return claim;
}

S3Result<SigV4Verifier::Claim> SigV4Verifier::claim_of_query(const RequestView& request,
                                                             const SigningParameters& parameters) {
  constexpr auto malformed = S3ErrorCode::authorization_query_parameters_error;
  if (!parameters.algorithm.empty() && parameters.algorithm != algorithm_name) return unsupported_mechanism();
  if (parameters.algorithm.empty() || parameters.credential.empty() || parameters.date.empty() ||
      parameters.expires.empty() || parameters.signed_headers.empty() || parameters.signature.empty()) {
    return failure(
        S3ErrorCode::access_denied,
        "A presigned URL needs X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders and "
        "X-Amz-Signature.");
  }
  if (!is_signed_headers(parameters.signed_headers)) {
    return failure(malformed, "X-Amz-SignedHeaders must be sorted lower-case names.");
  }
  Claim claim;
  TRY_ASSIGN(claim.credential, parse_credential(parameters.credential, malformed));
  claim.signed_headers = parameters.signed_headers;
  claim.signature = parameters.signature;
  std::optional<sys_seconds> signed_at = parse_amz_date(parameters.date);
  if (!signed_at) return failure(malformed, "X-Amz-Date must be of the form YYYYMMDDTHHMMSSZ.");
  claim.signed_at = *signed_at;
  claim.timestamp = parameters.date;
  claim.expires = parameters.expires;

  TRY_ASSIGN(std::optional<std::string_view> header_hash, single_header(request, "x-amz-content-sha256"));
  if (header_hash && !parameters.content_sha256.empty() && *header_hash != parameters.content_sha256) {
    return failure(malformed, "X-Amz-Content-Sha256 differs between the query and the headers.");
  }
  claim.payload_hash = payload_unsigned;
  if (!parameters.content_sha256.empty()) claim.payload_hash = parameters.content_sha256;
  if (header_hash) claim.payload_hash = *header_hash;
  return claim;
}

S3Result<void> SigV4Verifier::check(const RequestView& request, std::span<const http::QueryParameter> query,
                                    const Claim& claim, WallTime now, Verified& verified) {
  std::string written;  // of a Date header, which is signed in another form
  if (claim.timestamp.empty()) written = format_amz_date(claim.signed_at);
  const std::string_view timestamp = claim.timestamp.empty() ? written : claim.timestamp;
  if (!timestamp.starts_with(claim.credential.date)) {
    return failure(
        claim.expires ? S3ErrorCode::authorization_query_parameters_error : S3ErrorCode::authorization_header_malformed,
        "The date of the credential is not that of the request.");
  }
  if (claim.expires) {
    TRY(check_presigned_time(claim.signed_at, *claim.expires, now));
  } else {
    TRY(check_header_time(claim.signed_at, now));
  }
  TRY(check_signed_headers(request, claim.signed_headers));
  PayloadAuth& payload = verified.payload;
  payload.chunk_signer.reset();
  TRY(parse_payload_hash(claim.payload_hash, payload));

  // An unknown access key takes the same way with the key of nobody, and fails at its end.
  const Credential* credential = keys_->find(claim.credential.access_key);
  const bool known = credential != nullptr;
  std::string_view cache_key = claim.credential.access_key_to_region;
  if (!known) {
    credential = &nobody_;
    cache_key.remove_prefix(claim.credential.access_key.size());
  }
  const HmacSha256& key =
      signing_keys_.get(cache_key, credential->secret, claim.credential.date, claim.credential.region);

  TRY(canonical_.build(request, query, claim.signed_headers, claim.payload_hash,
                       claim.expires ? "X-Amz-Signature" : ""));
  write_string_to_sign(string_to_sign_, timestamp, claim.credential.scope, canonical_.text());
  const SignatureText text = signature_text(key, string_to_sign_);
  const std::string_view expected = view(text);
  const bool matches = equal_in_constant_time(as_bytes(expected), as_bytes(claim.signature));
  if (!known) return failure(S3ErrorCode::invalid_access_key_id);
  if (!matches) return failure(S3ErrorCode::signature_does_not_match);

  if (payload.kind == PayloadKind::streaming_signed || payload.kind == PayloadKind::streaming_signed_trailer) {
    payload.chunk_signer.emplace(key, timestamp, claim.credential.scope, expected);
  }
  verified.access_key = claim.credential.access_key;
  verified.principal = credential->principal;
  verified.region = claim.credential.region;
  verified.signed_at = claim.signed_at;
  verified.presigned = claim.expires.has_value();
  if (query.empty()) remember(request, claim, payload);
  return {};
}

/// Only what reads is remembered: a write mostly says a hash of its own.
void SigV4Verifier::remember(const RequestView& request, const Claim& claim, const PayloadAuth& payload) {
  if (request.method != "GET" && request.method != "HEAD") return;
  if (is_streaming(payload.kind)) return;
  std::optional<Sha256::Value> sha256;
  if (payload.kind == PayloadKind::single_sha256) sha256 = payload.sha256;
  std::string_view signing_start = string_to_sign_;
  signing_start.remove_suffix(signed_hash_bytes);
  last_lines_ = (last_lines_ + 1) % verified_lines_.size();
  verified_lines_[last_lines_].remember(request.headers, request.likeness, claim.signature, claim.signed_headers,
                                        {.access_key = claim.credential.access_key,
                                         .date = claim.credential.date,
                                         .region = claim.credential.region,
                                         .access_key_to_region = claim.credential.access_key_to_region,
                                         .signing_start = signing_start,
                                         .canonical_rest = canonical_.rest(),
                                         .signed_at = claim.signed_at,
                                         .payload_sha256 = sha256});
}

template <typename SignatureOf>
std::optional<std::string_view> SigV4Verifier::find_repeated(SignatureOf signature_of) {
  std::optional<std::string_view> signature = signature_of(verified_lines_[last_lines_]);
  for (std::size_t i = 0; !signature && i < verified_lines_.size(); ++i) {
    signature = signature_of(verified_lines_[i]);
    if (signature) last_lines_ = i;
  }
  return signature;
}

bool SigV4Verifier::verify_like(const http::RequestHead& head, std::string_view path, WallTime now,
                                Verified& verified) {
  std::optional<std::string_view> signature =
      find_repeated([&](const VerifiedLines& lines) { return lines.signature_of_like(head.headers); });
  if (!signature) return false;
  RequestView request{.method = head.method, .path = path, .query = {}, .headers = {}};
  return verify_saying(verified_lines_[last_lines_].said(), *signature, request, now, verified);
}

bool SigV4Verifier::verify_repeated(const RequestView& request, WallTime now, Verified& verified) {
  std::optional<std::string_view> signature =
      find_repeated([&](const VerifiedLines& lines) { return lines.signature_of(request.headers); });
  if (!signature) return false;
  if (!verify_saying(verified_lines_[last_lines_].said(), *signature, request, now, verified)) return false;
  if (request.likeness != 0) verified_lines_[last_lines_].set_likeness(request.likeness);
  return true;
}

bool SigV4Verifier::verify_saying(const VerifiedLines::Said& said, std::string_view signature,
                                  const RequestView& request, WallTime now, Verified& verified) {
  const Credential* credential = keys_->find(said.access_key);
  if (credential == nullptr || !is_timely(said.signed_at, now)) return false;
  const HmacSha256& key = signing_keys_.get(said.access_key_to_region, credential->secret, said.date, said.region);
  if (!canonical_.build_before(request.method, request.path, said.canonical_rest)) return false;
  string_to_sign_.assign(said.signing_start);
  append_signed_hash(string_to_sign_, canonical_.text());
  const SignatureText expected = signature_text(key, string_to_sign_);
  if (!equal_in_constant_time(as_bytes(view(expected)), as_bytes(signature))) return false;

  verified.access_key = said.access_key;
  verified.principal = credential->principal;
  verified.region = said.region;
  verified.signed_at = said.signed_at;
  verified.presigned = false;
  verified.payload.kind = said.payload_sha256 ? PayloadKind::single_sha256 : PayloadKind::unsigned_payload;
  if (said.payload_sha256) verified.payload.sha256 = *said.payload_sha256;
  verified.payload.chunk_signer.reset();
  return true;
}

}  // namespace shoal::s3
