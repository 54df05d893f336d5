#include "shoal/loadgen/answer_judge.h"

#include <algorithm>

#include <fmt/format.h>

#include "shoal/loadgen/list_checker.h"

namespace shoal::loadgen {
namespace {

/// So many versions are tried for one that has the length that HEAD told.
constexpr std::uint64_t versions_tried_max = 64;

/// Of the document of an error: what stands in <Code>.
std::string_view error_code_of(std::string_view document) {
  std::size_t start = document.find("<Code>");
  if (start == std::string_view::npos) return {};
  document.remove_prefix(start + 6);
  return document.substr(0, std::min<std::size_t>(document.find("</Code>"), 64));
}

AnswerJudge::Judgement error_status(const Channel& channel) {
  return {AnswerJudge::Verdict::error, 0,
          fmt::format("{}: status {} {}", name_of(channel.operation.kind), channel.reader.status(),
                      error_code_of(channel.text))};
}

}  // namespace

AnswerJudge::Judgement AnswerJudge::judge(const Channel& channel) const {
  int status = channel.reader.status();
  switch (channel.operation.kind) {
    case OperationKind::get:
      if (status == 200) return judge_get(channel);
      if (status == 404) return judge_absence(channel);
      break;
    case OperationKind::head:
      if (status == 200) return judge_head(channel);
      if (status == 404) return judge_absence(channel);
      break;
    case OperationKind::list:
      if (status == 200) return judge_list(channel);
      break;
    case OperationKind::put:
      // S3 answers 200; servers of files say whether they had it already.
      if (status == 200 || status == 201 || status == 204) return {Verdict::right, channel.body.size};
      break;
    case OperationKind::remove:
      if (status == 204 || status == 200) return {};
      break;
  }
  return error_status(channel);
}

AnswerJudge::Judgement AnswerJudge::wrong(const Channel& channel, const std::string& what) const {
  return {Verdict::wrong, 0,
          fmt::format("{} {}: {}", name_of(channel.operation.kind), names_.name_of(channel.number), what)};
}

AnswerJudge::Judgement AnswerJudge::judge_get(const Channel& channel) const {
  auto version = channel.checker.finish(states_.versions_since(channel.operation.key, channel.oldest));
  if (!version) return wrong(channel, version.error().message);
  return {Verdict::right, channel.checker.bytes()};
}

AnswerJudge::Judgement AnswerJudge::judge_head(const Channel& channel) const {
  BodyChecker::Versions versions = states_.versions_since(channel.operation.key, channel.oldest);
  std::uint64_t name_hash = names_.hash_of(channel.number);
  for (std::uint64_t tried = 0; tried < versions_tried_max && tried <= versions.newest - versions.oldest; ++tried) {
    if (channel.reader.content_length() == bodies_.size_of(name_hash, versions.newest - tried)) return {};
  }
  return wrong(channel, "Content-Length is that of no version");
}

AnswerJudge::Judgement AnswerJudge::judge_list(const Channel& channel) const {
  std::uint64_t after = channel.number + 1;
  ExpectedPage expected{.first = after,
                        .count = std::min<std::uint64_t>(options_.list_keys_max, options_.objects - after),
                        .may_lack = options_.weight_of(OperationKind::remove) > 0};
  auto page = check_list_page(channel.text, names_, expected);
  if (!page) return wrong(channel, page.error().message);
  return {Verdict::right, channel.text.size()};
}

AnswerJudge::Judgement AnswerJudge::judge_absence(const Channel& channel) const {
  if (states_.may_be_absent_since(channel.operation.key, channel.oldest)) return {};
  return wrong(channel, "status 404 for an object that had been confirmed");
}

}  // namespace shoal::loadgen
