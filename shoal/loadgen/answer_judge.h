#pragma once

#include <cstdint>
#include <string>

#include "shoal/loadgen/body_generator.h"
#include "shoal/loadgen/channel.h"
#include "shoal/loadgen/key_states.h"
#include "shoal/loadgen/load_options.h"
#include "shoal/loadgen/object_names.h"

namespace shoal::loadgen {

/// Says whether a complete answer is what the server may say at that time.
class AnswerJudge {
 public:
  enum class Verdict : std::uint8_t {
    right,
    wrong,  ///< a success that cannot be true
    error,  ///< a status that tells of a failure
  };
  struct Judgement {
    Verdict verdict = Verdict::right;
    std::uint64_t bytes = 0;  ///< of the object's body, if right
    std::string why = {};     ///< if not right
  };

  /// All outlive the judge.
  AnswerJudge(const LoadOptions& options, const ObjectNames& names, const BodyGenerator& bodies,
              const KeyStates& states)
      : options_(options), names_(names), bodies_(bodies), states_(states) {}

  Judgement judge(const Channel& channel) const;

 private:
  Judgement judge_get(const Channel& channel) const;
  Judgement judge_head(const Channel& channel) const;
  Judgement judge_list(const Channel& channel) const;
  Judgement judge_absence(const Channel& channel) const;
  Judgement wrong(const Channel& channel, const std::string& what) const;

  const LoadOptions& options_;
  const ObjectNames& names_;
  const BodyGenerator& bodies_;
  const KeyStates& states_;
};

}  // namespace shoal::loadgen
