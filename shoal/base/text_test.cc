#include "shoal/base/text.h"

#include <gtest/gtest.h>

namespace shoal {
namespace {

TEST(TextTest, Base64MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (auto [plain, coded] : vectors) {
    EXPECT_EQ(to_base64(as_bytes(plain)), coded);
    auto bytes = from_base64(coded);
    ASSERT_TRUE(bytes.has_value()) << coded;
    EXPECT_EQ(as_text(*bytes), plain);
  }
}

TEST(TextTest, Base64RefusesWhatIsNotStrict) {
  for (std::string_view bad : {"Zg", "Zg=", "Zg==Zg==", "Zh==", "Z===", "====", "Zm 9", "Zm9v\n", "Zm9_"}) {
    EXPECT_FALSE(from_base64(bad).has_value()) << bad;
  }
}

TEST(TextTest, HexGoesBothWays) {
  EXPECT_EQ(to_hex(as_bytes("\x01\xAB\xFF")), "01abff");
  std::string all;
  std::string digits;
  for (int byte = 0; byte < 256; ++byte) {
    all += static_cast<char>(byte);
    digits += "0123456789abcdef"[byte >> 4];
    digits += "0123456789abcdef"[byte & 15];
    EXPECT_EQ(to_hex(as_bytes(all)), digits);
  }
  EXPECT_EQ(as_text(from_hex("01aBFf").value()), "\x01\xAB\xFF");
  EXPECT_FALSE(from_hex("012").has_value());
  EXPECT_FALSE(from_hex("0g").has_value());
}

TEST(TextTest, DecimalsAreDigitsOnlyAndInRange) {
  EXPECT_EQ(parse_decimal("0"), 0U);
  EXPECT_EQ(parse_decimal("18446744073709551615"), UINT64_MAX);
  for (std::string_view bad : {"", "-1", "+1", " 1", "1 ", "1x", "18446744073709551616"}) {
    EXPECT_FALSE(parse_decimal(bad).has_value()) << bad;
  }
}

TEST(TextTest, CommonBytes) {
  std::string text = "0123456789abcdefghij";
  for (std::size_t same = 0; same < text.size(); ++same) {
    std::string other = text;
    other[same] = '\xff';
    EXPECT_EQ(common_bytes(text, other), same);
    EXPECT_EQ(common_bytes(other, text), same);
    EXPECT_EQ(common_bytes(text, text.substr(0, same)), same);
  }
  EXPECT_EQ(common_bytes(text, text), text.size());
}

TEST(TextTest, Utf8RefusesOverlongFormsAndSurrogates) {
  EXPECT_TRUE(is_utf8("plain"));
  EXPECT_TRUE(is_utf8("\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x9F"));
  for (std::string_view bad :
       {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82", "\xFF"}) {
    for (std::size_t before = 0; before < 20; ++before) {
      std::string text = std::string(before, 'a') + std::string(bad);
      EXPECT_FALSE(is_utf8(text)) << to_hex(as_bytes(text));
      EXPECT_FALSE(is_utf8(text + "0123456789")) << to_hex(as_bytes(text));
    }
  }
  for (std::size_t before = 0; before < 20; ++before) EXPECT_TRUE(is_utf8(std::string(before, 'a') + "\xE2\x82\xAC"));
}

TEST(EqualsIgnoringAsciiCase, OnlyLettersOfAsciiHaveTwoForms) {
  auto lower = [](int byte) { return byte >= 'A' && byte <= 'Z' ? byte + ('a' - 'A') : byte; };
  for (std::size_t size : {1, 7, 8, 9, 16, 19}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int a = 0; a < 256; ++a) {
        std::string left(size, 'x');
        std::string right(size, 'X');
        left[at] = static_cast<char>(a);
        // All that differ from it in one bit, and itself: among them the other form of a letter.
        for (int b : {a, a ^ 0x20, a ^ 0x80, a ^ 0x40, a ^ 1}) {
          right[at] = static_cast<char>(b);
          ASSERT_EQ(equals_ignoring_ascii_case(left, right), lower(a) == lower(b))
              << "size " << size << " at " << at << " bytes " << a << " " << b;
        }
      }
    }
  }
  EXPECT_FALSE(equals_ignoring_ascii_case("host", "hosts"));
  EXPECT_TRUE(equals_ignoring_ascii_case("", ""));
}

}  // namespace
}  // namespace shoal
