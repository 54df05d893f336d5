// No request makes the verifier crash, and none is accepted that the holder of the key did not sign: the fuzzer writes
// the authorisation itself, and cannot guess a signature.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "shoal/http/uri.h"
#include "shoal/s3/sigv4.h"

namespace {

using namespace shoal;
using namespace shoal::s3;

class OneKey final : public KeyStore {
 public:
  const Credential* find(std::string_view access_key) const override {
    return access_key == "AKIA" ? &credential_ : nullptr;
  }

 private:
  Credential credential_{SecretKey("a secret that the fuzzer does not know"), Principal{"p"}};
};

// Lines of the input: the target, the value of Authorization, then further headers.
std::string_view take_line(std::string_view& text) {
  std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const OneKey keys;
  static SigV4Verifier verifier(&keys, 4);
  constexpr WallTime now = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24);

  std::string_view text(reinterpret_cast<const char*>(data), size);
  http::TargetParts target = http::split_target(take_line(text));
  std::vector<http::HeaderField> headers = {{"Host", "h"}};
  if (std::string_view authorization = take_line(text); !authorization.empty()) {
    headers.push_back({"Authorization", authorization});
  }
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::string_view name = line.substr(0, line.find(':'));
    line.remove_prefix(std::min(name.size() + 1, line.size()));
    headers.push_back({name, line});
  }
  S3Result<Verified> verified = verifier.verify(RequestView{"PUT", target.path, target.query, headers}, now);
  if (verified) std::abort();
  if (http_status(verified.error().code) / 100 != 4) std::abort();
  return 0;
}
