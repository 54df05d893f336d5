#include "shoal/loadgen/body_checker.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::loadgen {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t cat = 0xCA7, dog = 0xD06;

class BodyCheckerTest : public testing::Test {
 protected:
  std::string body_of(std::uint64_t name, std::uint64_t version) const {
    GeneratedBody body;
    generator_.make(name, version, body);
    std::string text;
    for (ByteSpan piece : body.pieces) text += as_text(piece);
    EXPECT_EQ(text.size(), body.size);
    return text;
  }
  /// What is wrong with a body, "" if nothing is.
  std::string complaint(std::uint64_t name, std::string_view body, BodyChecker::Versions versions = {1, 9},
                        std::size_t piece_bytes = 1'000'000) const {
    BodyChecker checker(generator_);
    checker.start(name);
    for (; !body.empty(); body.remove_prefix(std::min(piece_bytes, body.size()))) {
      checker.take(as_bytes(body.substr(0, piece_bytes)));
    }
    Result<std::uint64_t> version = checker.finish(versions);
    return version ? "" : version.error().message;
  }

  BodyGenerator generator_{7, SizeDistribution({{100, 2'000'000}})};
};

TEST_F(BodyCheckerTest, RightBodiesPassHoweverTheyAreCut) {
  for (std::uint64_t version = 1; version < 10; ++version) EXPECT_EQ(complaint(cat, body_of(cat, version)), "");
  for (std::size_t piece_bytes : {1, 3, 31, 32, 33, 4'096}) {
    EXPECT_EQ(complaint(cat, body_of(cat, 3), {3, 3}, piece_bytes), "") << piece_bytes;
  }
}

TEST_F(BodyCheckerTest, EveryChangedByteIsFound) {
  BodyGenerator small(7, SizeDistribution({{100, 100}}));
  GeneratedBody body;
  small.make(cat, 1, body);
  std::string text;
  for (ByteSpan piece : body.pieces) text += as_text(piece);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_NE(complaint(cat, changed), "") << i;
  }
}

TEST_F(BodyCheckerTest, ATruncatedBodyIsFound) {
  std::string body = body_of(cat, 1);
  EXPECT_THAT(complaint(cat, body.substr(0, body.size() - 1)), HasSubstr("instead of"));
  EXPECT_THAT(complaint(cat, body + "x"), HasSubstr("instead of"));
  EXPECT_NE(complaint(cat, body.substr(0, 10)), "");
  EXPECT_NE(complaint(cat, ""), "");
}

TEST_F(BodyCheckerTest, ABodyOfAnotherObjectIsFound) {
  EXPECT_EQ(complaint(cat, body_of(dog, 1)), "the body is that of another object");
}

TEST_F(BodyCheckerTest, ABodyMixedOfTwoVersionsIsFound) {
  BodyGenerator fixed(7, SizeDistribution({{10'000, 10'000}}));
  GeneratedBody one, other;
  fixed.make(cat, 1, one);
  fixed.make(cat, 2, other);
  std::string mixed, rest;
  for (ByteSpan piece : one.pieces) mixed += as_text(piece);
  for (ByteSpan piece : other.pieces) rest += as_text(piece);
  mixed.replace(5'000, 5'000, rest.substr(5'000));
  EXPECT_EQ(complaint(cat, mixed), "the body does not match the checksum of its stamp");
}

TEST_F(BodyCheckerTest, AStaleVersionAndOneFromNowhereAreFound) {
  EXPECT_THAT(complaint(cat, body_of(cat, 4), {5, 6}), HasSubstr("version 4, but 5 had been confirmed"));
  EXPECT_THAT(complaint(cat, body_of(cat, 7), {5, 6}), HasSubstr("6 was the last that was sent"));
}

TEST_F(BodyCheckerTest, BodiesTooShortForAStampAreCompared) {
  BodyGenerator tiny(7, SizeDistribution({{0, 31}}));
  for (std::uint64_t version = 1; version < 20; ++version) {
    GeneratedBody body;
    tiny.make(cat, version, body);
    BodyChecker checker(tiny);
    checker.start(cat);
    for (ByteSpan piece : body.pieces) checker.take(piece);
    EXPECT_TRUE(checker.finish({version, version}).has_value()) << version;
    checker.take(as_bytes("x"));
    EXPECT_FALSE(checker.finish({version, version}).has_value()) << version;
  }
}

TEST_F(BodyCheckerTest, AnotherSeedMakesOtherBodies) {
  BodyGenerator other(8, SizeDistribution({{1'000, 1'000}}));
  BodyGenerator same(8, SizeDistribution({{1'000, 1'000}}));
  BodyGenerator third(9, SizeDistribution({{1'000, 1'000}}));
  GeneratedBody a, b, c;
  other.make(cat, 1, a);
  same.make(cat, 1, b);
  third.make(cat, 1, c);
  EXPECT_EQ(a.stamp, b.stamp);
  EXPECT_NE(a.stamp, c.stamp);
}

}  // namespace
}  // namespace shoal::loadgen
