#include "shoal/server/several_origin_group.h"

#include <iterator>
#include <utility>

namespace shoal::server {

/// Each request to the origin that has what it is about.
class SeveralOriginGroup::Forwardings final : public origin::Forwarding {
 public:
  Forwardings(const service::SeveralStores& stores, std::vector<origin::Forwarding*> members)
      : stores_(stores), members_(std::move(members)) {}

  Task<Result<origin::OriginAnswer>> forward(origin::OriginRequest request) override {
    origin::Forwarding* member = members_[stores_.member_of(request.bucket, request.key)];
    if (member == nullptr) {
      co_return failure(ErrorCode::not_supported, "the origin of this bucket is no S3 service that could do it");
    }
    co_return co_await member->forward(std::move(request));
  }

 private:
  const service::SeveralStores& stores_;
  std::vector<origin::Forwarding*> members_;
};

SeveralOriginGroup::SeveralOriginGroup(std::vector<std::unique_ptr<OriginGroup>> groups,
                                       const std::vector<service::SeveralStores::Place>& places)
    : groups_(std::move(groups)) {
  for (std::size_t i = 0; i < size(); ++i) {
    std::vector<service::SeveralStores::Member> stores;
    std::vector<origin::Forwarding*> forwardings;
    for (const auto& group : groups_) {
      Member member = group->member(i);
      stores.push_back({member.store, member.reads, member.pass_through});
      forwardings.push_back(member.forwarding);
    }
    Loop& loop = loops_.emplace_back();
    loop.stores = std::make_unique<service::SeveralStores>(std::move(stores), places);
    loop.forwarding = std::make_unique<Forwardings>(*loop.stores, std::move(forwardings));
  }
}

OriginGroup::Member SeveralOriginGroup::member(std::size_t loop) {
  service::SeveralStores* stores = loops_[loop].stores.get();
  return {stores, stores, stores, loops_[loop].forwarding.get()};
}

std::vector<const origin::OriginCounters*> SeveralOriginGroup::counters(std::size_t loop) {
  std::vector<const origin::OriginCounters*> all;
  for (const auto& group : groups_) std::ranges::move(group->counters(loop), std::back_inserter(all));
  return all;
}

void SeveralOriginGroup::stop_asking() {
  for (const auto& group : groups_) group->stop_asking();
}

void SeveralOriginGroup::close() {
  for (const auto& group : groups_) group->close();
}

}  // namespace shoal::server
