#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "base/quote.h"
#include "gooffsets/resolve.h"
#include "resolve/resolver_core.h"
#include "resolve/self_source.h"

namespace gooffsets {
namespace {

constexpr std::array<Source, 6> kSources = {Source::kSelf,     Source::kExact,     Source::kComposed,
                                            Source::kInferred, Source::kBracketed, Source::kUnknown};

// A program whose file is elsewhere says nothing of itself.
class AbsentSource : public SelfSource {
 public:
  bool IsSilent() const override { return true; }
  Result<SelfFacts> Tell(const SelfQuestion&) override {
    SelfFacts facts;
    facts.no_structs = facts.no_functions = facts.no_itabs = "only the build info of the program is here";
    return facts;
  }
  Result<std::map<std::string, PackageFacts>> TellPackages(const std::set<std::string>&, bool) override {
    return std::map<std::string, PackageFacts>();
  }
};

}  // namespace

std::string_view ToString(Source source) {
  switch (source) {
    case Source::kSelf:
      return "self";
    case Source::kExact:
      return "exact";
    case Source::kComposed:
      return "composed";
    case Source::kInferred:
      return "inferred";
    case Source::kBracketed:
      return "bracketed";
    case Source::kUnknown:
      return "unknown";
  }
  return "unknown";
}

Result<Source> ParseSource(std::string_view text) {
  const auto found = std::find_if(kSources.begin(), kSources.end(), [&](Source s) { return ToString(s) == text; });
  if (found == kSources.end() || *found == Source::kUnknown) {
    return Fail(ErrorCode::kUsage, Quote(text) + " is no source", "self, exact, composed, inferred or bracketed");
  }
  return *found;
}

class Resolver::Impl {
 public:
  Impl(std::unique_ptr<SelfSource> source, const BinaryInfo& info, const Database* database,
       const ResolveOptions& options)
      : source_(std::move(source)), core_(info, source_.get(), database, options) {}
  ResolverCore& core() { return core_; }

 private:
  std::unique_ptr<SelfSource> source_;
  ResolverCore core_;
};

Resolver::Resolver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Resolver::Resolver(Resolver&&) noexcept = default;
Resolver& Resolver::operator=(Resolver&&) noexcept = default;
Resolver::~Resolver() = default;

Result<Resolver> Resolver::Make(GoBinary* binary, const Database* database, ResolveOptions options) {
  if (binary == nullptr) return Fail(ErrorCode::kUsage, "a resolver needs a binary");
  return Resolver(
      std::make_unique<Impl>(std::make_unique<BinarySource>(binary, options), binary->info(), database, options));
}

Result<Resolver> Resolver::ForFacts(const BinaryInfo& info, const Database* database, ResolveOptions options) {
  if (database == nullptr) return Fail(ErrorCode::kUsage, "without the program's file, a resolver needs a database");
  return Resolver(std::make_unique<Impl>(std::make_unique<AbsentSource>(), info, database, options));
}

Result<Resolution> Resolver::Resolve(const WantList& wants) { return impl_->core().Resolve(wants); }
Result<std::vector<Resolved>> Resolver::ResolveItems(const std::vector<Item>& items) {
  return impl_->core().ResolveItems(items);
}
Result<Explanation> Resolver::Explain(const Item& item) { return impl_->core().Explain(item); }

}  // namespace gooffsets
