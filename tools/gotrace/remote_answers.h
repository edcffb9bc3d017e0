// What an offset service answered about one program, put where the program and the local database had no answer.
//
// The program's own word and local data always come first; where functions lie, only the program itself says. Takes
// hostile JSON: what does not fit is kBadInput. Plain values.
//
//   GOOFFSETS_TRY(const RemoteAnswers answers, RemoteAnswers::Parse(json, info.goarch));
//   answers.Complete(&resolution);
#ifndef GOOFFSETS_TOOLS_GOTRACE_REMOTE_ANSWERS_H_
#define GOOFFSETS_TOOLS_GOTRACE_REMOTE_ANSWERS_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "gooffsets/layout.h"
#include "gooffsets/resolve.h"

namespace gooffsets::trace {

class RemoteAnswers {
 public:
  // `json`: a resolution as docs/formats.md, "resolve", describes it.
  static Result<RemoteAnswers> Parse(std::string_view json, GoArch goarch);
  void Complete(Resolution* resolution) const;
  size_t size() const { return answers_.size(); }

 private:
  struct Answer {
    Source source = Source::kUnknown;
    std::optional<Field> field;
    std::optional<FunctionLayout> layout;
  };
  void CompleteWant(ResolvedWant* want) const;

  std::map<std::string, Answer> answers_;  // by the item's text
};

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_REMOTE_ANSWERS_H_
