// What one GET costs before the store is asked: reading the head and verifying its signature.
#include <cstdlib>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "shoal/http/request_parser.h"
#include "shoal/s3/operation_request.h"
#include "shoal/s3/request_signer.h"
#include "shoal/s3/sigv4.h"

namespace shoal {
namespace {

constexpr std::string_view access_key = "BENCHACCESSKEY";
constexpr std::string_view secret_key = "bench-secret-key-0123456789";
constexpr std::string_view path = "/bench/train/n01440764/n01440764_10026.JPEG";
constexpr std::string_view host = "127.0.0.1:9000";
constexpr std::string_view empty_sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const WallTime now{std::chrono::seconds{1'700'000'000}};

class OneKey final : public s3::KeyStore {
 public:
  const s3::Credential* find(std::string_view key) const override { return key == access_key ? &credential_ : nullptr; }

 private:
  s3::Credential credential_{s3::SecretKey(secret_key), s3::Principal{std::string(access_key)}};
};

/// A GET as boto3 sends it.
std::string signed_get() {
  s3::RequestSigner signer({std::string(access_key), s3::SecretKey(secret_key), "us-east-1"});
  const http::HeaderField headers[] = {{"Host", host}};
  auto signature = signer.sign({"GET", path, "", headers}, empty_sha256, now);
  if (!signature) std::abort();
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: " + std::string(host) +
         "\r\nAccept-Encoding: identity\r\nUser-Agent: Boto3/1.43 md/Botocore#1.43 ua/2.1 os/linux md/arch#x86_64 "
         "lang/python#3.11.2\r\nX-Amz-Date: " +
         signature->amz_date + "\r\nX-Amz-Content-SHA256: " + signature->content_sha256 +
         "\r\nAuthorization: " + signature->authorization +
         "\r\namz-sdk-invocation-id: 0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0\r\namz-sdk-request: attempt=1\r\n\r\n";
}

void parse_head(benchmark::State& state) {
  std::string request = signed_get();
  http::RequestParser parser{http::RequestLimits{}};
  for (auto _ : state) {
    if (parser.parse(request) != http::ParseOutcome::complete) std::abort();
    benchmark::DoNotOptimize(parser.head().target.data());
    parser.restart();
  }
}
BENCHMARK(parse_head);

void verify_signature(benchmark::State& state) {
  std::string request = signed_get();
  http::RequestParser parser{http::RequestLimits{}};
  if (parser.parse(request) != http::ParseOutcome::complete) std::abort();
  OneKey keys;
  s3::SigV4Verifier verifier(&keys);
  for (auto _ : state) {
    auto verified = verifier.verify(parser.head(), now);
    if (!verified) std::abort();
    benchmark::DoNotOptimize(verified->access_key.data());
  }
}
BENCHMARK(verify_signature);

void decide_operation(benchmark::State& state) {
  std::string request = signed_get();
  http::RequestParser parser{http::RequestLimits{}};
  if (parser.parse(request) != http::ParseOutcome::complete) std::abort();
  s3::AddressingOptions addressing;
  for (auto _ : state) {
    auto operation = s3::parse_operation(parser.head(), addressing);
    if (!operation || operation->key.empty()) std::abort();
    benchmark::DoNotOptimize(operation->key.data());
  }
}
BENCHMARK(decide_operation);

}  // namespace
}  // namespace shoal
