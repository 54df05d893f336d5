#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace shoal::loadgen {

/// One section of a file as the AWS tools keep them in ~/.aws (`[name]`, then `key = value` lines; `#` and `;` begin a
/// comment). Views into the text.
class AwsProfile {
 public:
  /// Of ~/.aws/credentials, where sections have the profile's name, or ~/.aws/config, where all but `default` are
  /// called `profile NAME`. Nothing when there is no such section.
  static std::optional<AwsProfile> find(std::string_view text, std::string_view name);

  /// The last value of that name.
  std::optional<std::string_view> value(std::string_view key) const;

 private:
  explicit AwsProfile(std::string_view lines) : lines_(lines) {}

  std::string_view lines_;
};

}  // namespace shoal::loadgen
