#include "shoal/http/known_heads.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "shoal/http/request_parser.h"

namespace shoal::http {
namespace {

using namespace std::string_view_literals;

const std::string signature(64, 'a');

std::string head_of(std::string_view target, std::string_view signed_with = signature) {
  return "GET " + std::string(target) +
         " HTTP/1.1\r\nHost: h:9000\r\nX-Amz-Date:  20130524T000000Z \r\n"
         "Authorization: AWS4-HMAC-SHA256 Credential=A/b, SignedHeaders=host, Signature=" +
         std::string(signed_with) + "\r\nAccept: */*\r\n\r\n";
}

class KnownHeadsTest : public testing::Test {
 protected:
  /// Reads `text`, and expects what a parser that knows no heads makes of it.
  void expect_same(std::string_view text) {
    RequestParser fresh(limits_);
    ParseOutcome outcome = fresh.parse(text);
    parser_.restart();
    ASSERT_EQ(parser_.parse(text), outcome) << text;
    if (outcome == ParseOutcome::error) {
      EXPECT_EQ(parser_.error_status(), fresh.error_status()) << text;
      EXPECT_EQ(parser_.error_reason(), fresh.error_reason()) << text;
    }
    if (outcome != ParseOutcome::complete) return;
    const RequestHead& a = parser_.head();
    const RequestHead& b = fresh.head();
    EXPECT_TRUE(a.method == b.method && a.target == b.target && a.version == b.version && a.host == b.host) << text;
    EXPECT_TRUE(a.head_bytes == b.head_bytes && a.framing == b.framing && a.content_length == b.content_length) << text;
    EXPECT_TRUE(a.keep_alive == b.keep_alive && a.expect_continue == b.expect_continue) << text;
    ASSERT_EQ(a.headers.size(), b.headers.size()) << text;
    for (std::size_t i = 0; i < a.headers.size(); ++i) {
      EXPECT_TRUE(a.headers[i].name == b.headers[i].name && a.headers[i].value == b.headers[i].value) << text;
      EXPECT_EQ(a.headers.find(b.headers[i].name), b.headers.find(b.headers[i].name)) << text;
    }
  }
  std::uint64_t likeness_of(std::string_view text) {
    expect_same(text);
    return parser_.head().headers.likeness();
  }

  const RequestLimits limits_{.head_bytes_max = 512, .target_bytes_max = 40, .header_count_max = 8};
  KnownHeads known_;
  RequestParser parser_{limits_, &known_};
};

TEST_F(KnownHeadsTest, TargetAndSignatureAreAllThatMayDiffer) {
  std::uint64_t first = likeness_of(head_of("/b/k"));
  EXPECT_NE(first, 0U);
  EXPECT_EQ(likeness_of(head_of("/b/k")), first);
  EXPECT_EQ(likeness_of(head_of("/b/longer/key?x=1")), first);
  EXPECT_EQ(likeness_of(head_of("/", std::string(64, '0'))), first);
  EXPECT_EQ(likeness_of(head_of("/b/k") + "GET /the/next/one HTTP/1.1\r\n"), first);

  std::uint64_t other_method = likeness_of("HEAD" + head_of("/b/k").substr(3));
  EXPECT_NE(other_method, first);
  EXPECT_NE(likeness_of(head_of("/b/k", std::string(63, '0'))), first);
  EXPECT_NE(likeness_of(head_of("/b/k", std::string(63, '0') + "=")), first);
  EXPECT_NE(likeness_of(head_of("/b/k", std::string(63, '0') + " ")), first);
  EXPECT_EQ(likeness_of(head_of("/b/k")), first) << "it is known beside the others";
  EXPECT_EQ(likeness_of("HEAD" + head_of("/b/l").substr(3)), other_method);
}

TEST_F(KnownHeadsTest, OneChangedByteIsReadAsByAParserThatKnowsNothing) {
  const std::string known = head_of("/b/k%20x");
  for (std::size_t at = 0; at < known.size(); ++at) {
    for (char c : "\0\t\n\r \"#%*/019:;=?AZaz{~\x7f\x80\xff"sv) {
      expect_same(known);
      std::string changed = known;
      changed[at] = c;
      expect_same(changed);
      if (HasFailure()) return;
    }
    expect_same(std::string(known).erase(at, 1));
    expect_same(std::string(known).insert(at, 1, ' '));
    expect_same(known.substr(0, at));
  }
}

TEST_F(KnownHeadsTest, NumberOfTheCallMayDifferWhereItIsNotSigned) {
  auto head = [](std::string_view id, std::string_view signed_names = "host", std::string_view digits = signature) {
    return "GET /b/k HTTP/1.1\r\nHost: h\r\namz-sdk-invocation-id: " + std::string(id) +
           "\r\nAuthorization: AWS4 SignedHeaders=" + std::string(signed_names) + ", Signature=" + std::string(digits) +
           "\r\nAmz-Sdk-Request: attempt=1\r\n\r\n";
  };
  std::uint64_t first = likeness_of(head("b74ef993-16d4"));
  EXPECT_NE(first, 0U);
  EXPECT_EQ(likeness_of(head("546efa29-5e40")), first);
  const std::string third = head("546efa29-5e41", "host", std::string(64, '7'));
  EXPECT_EQ(likeness_of(third), first);
  EXPECT_EQ(parser_.head().headers.find("amz-sdk-invocation-id"), "546efa29-5e41");
  EXPECT_NE(likeness_of(head("546efa29-5e4")), first);
  EXPECT_NE(likeness_of(head("546efa29 5e40")), first);

  for (std::string_view names : {"amz-sdk-invocation-id;host", "host;Amz-Sdk-Invocation-Id"}) {
    std::uint64_t is_signed = likeness_of(head("b74ef993-16d4", names));
    EXPECT_NE(likeness_of(head("546efa29-5e40", names)), is_signed);
    EXPECT_EQ(likeness_of(head("546efa29-5e40", names, std::string(64, '8'))),
              likeness_of(head("546efa29-5e40", names)));
  }
  std::string unsigned_head = "GET / HTTP/1.1\r\nHost: h\r\namz-sdk-invocation-id: a\r\n\r\n";
  std::uint64_t other = likeness_of(unsigned_head);
  EXPECT_NE(likeness_of(unsigned_head.replace(unsigned_head.find(": a") + 2, 1, "b")), other);
  std::string twice = head("1").insert(head("1").find("Amz"), "amz-sdk-invocation-id: 2\r\n");
  std::uint64_t repeated = likeness_of(twice);
  EXPECT_NE(likeness_of(twice.replace(twice.find(": 2") + 2, 1, "3")), repeated);
}

TEST_F(KnownHeadsTest, OneChangedByteOfAnSdksHeadIsReadAsByAParserThatKnowsNothing) {
  std::string known = head_of("/b/k");
  known.insert(known.find("Accept"), "amz-sdk-invocation-id: b74ef993-16d4-43b3-9e69-c769b3fec740\r\n");
  for (std::size_t at = 0; at < known.size(); ++at) {
    for (char c : "\0\t\n\r \"#%*/019:;=?AZaz{~\x7f\x80\xff"sv) {
      expect_same(known);
      std::string changed = known;
      changed[at] = c;
      expect_same(changed);
      if (HasFailure()) return;
    }
  }
}

TEST_F(KnownHeadsTest, LimitsAreThoseOfOtherHeads) {
  expect_same(head_of("/"));
  expect_same(head_of("/" + std::string(39, 'k')));
  expect_same(head_of("/" + std::string(40, 'k')));
  std::size_t bytes = head_of("/").size();
  for (std::size_t more : {511 - bytes, 512 - bytes, 513 - bytes}) {
    std::string longest = head_of("/");
    longest.insert(longest.size() - 2, "X: " + std::string(more - 5, 'x') + "\r\n");
    expect_same(longest);
    expect_same(longest);
    longest.insert(longest.find('/') + 1, "k");
    expect_same(longest);
  }
}

TEST_F(KnownHeadsTest, WhatHasABodyIsReadLineByLine) {
  const std::string with_body = "PUT /b/k HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nxx";
  EXPECT_EQ(likeness_of(with_body), 0U);
  EXPECT_EQ(likeness_of(with_body), 0U);
  EXPECT_EQ(likeness_of("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n"), 0U);
  EXPECT_EQ(likeness_of("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 0U);
}

TEST_F(KnownHeadsTest, OlderProtocolAndClosedConnectionsAreKnownToo) {
  for (std::string_view text : {"GET / HTTP/1.0\r\nA: b\r\n\r\n", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
                                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n"}) {
    std::uint64_t first = likeness_of(text);
    EXPECT_NE(first, 0U);
    EXPECT_EQ(likeness_of(text), first);
  }
}

TEST_F(KnownHeadsTest, TheLastOnesAreKnown) {
  auto head_for = [](int client) { return "GET / HTTP/1.1\r\nHost: " + std::to_string(client) + "\r\n\r\n"; };
  std::uint64_t first = likeness_of(head_for(0));
  std::uint64_t seventh = 0;
  for (int client = 1; client < 8; ++client) seventh = likeness_of(head_for(client));
  EXPECT_EQ(likeness_of(head_for(0)), first);
  EXPECT_EQ(likeness_of(head_for(7)), seventh);
  likeness_of(head_for(8));
  EXPECT_NE(likeness_of(head_for(0)), first) << "the oldest made room";
}

TEST_F(KnownHeadsTest, HeadsMayComeInPiecesAndMove) {
  std::uint64_t first = likeness_of(head_of("/b/k"));
  for (std::size_t cut : {1, 5, 30, 100}) {
    const std::string text = head_of("/b/other");
    parser_.restart();
    EXPECT_EQ(parser_.parse(text.substr(0, cut)), ParseOutcome::need_more);
    const std::string moved = text;
    ASSERT_EQ(parser_.parse(moved), ParseOutcome::complete);
    EXPECT_EQ(parser_.head().target, "/b/other");
    EXPECT_EQ(parser_.head().headers.find("accept"), "*/*");
  }
  EXPECT_NE(first, 0U);
}

}  // namespace
}  // namespace shoal::http
