// One module version of the database, opened for many questions: fields in a microsecond, packages read when first
// asked.
//
// Answers are those of Database::Lookup, word for word; what differs is the price. The fields of a package are read
// together where every build that counts showed the same package; everything else is looked up once and remembered.
// Memory grows with the packages that are asked. Borrows the database, which must outlive it; one thread at a time.
//
//   Result<ModuleView> view = ModuleView::Open(&db, {.module = "std", .version = "1.26.8"});
//   Result<ModuleView::FieldView> url = view->Field("net/http.Request.URL");   // url->offset == 16
#ifndef GOOFFSETS_MODULE_VIEW_H_
#define GOOFFSETS_MODULE_VIEW_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gooffsets/database.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"

namespace gooffsets {

struct ModuleQuery {
  std::string module, version;  // as in Query
  std::string go;               // empty: any, and the builds must agree
  GoArch goarch = GoArch::kAmd64;
};

class ModuleView {
 public:
  struct FieldView {
    uint64_t offset = 0, size = 0;
    std::string_view type;  // valid as long as the view
  };

  // kUsage for what is no version; kUnknown when the database has no observation of this version and GOARCH.
  static Result<ModuleView> Open(const Database* database, ModuleQuery query);
  ModuleView(ModuleView&&) noexcept;
  ModuleView& operator=(ModuleView&&) noexcept;
  ~ModuleView();

  // kNotFound: proved absent; kUnknown: not known, or builds disagree. The message gives the reason.
  Result<FieldView> Field(std::string_view symbol);
  // Any symbol, with evidence. The answer stays where it is as long as the view.
  Result<const Answer*> Lookup(std::string_view symbol);

 private:
  struct State;
  explicit ModuleView(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_MODULE_VIEW_H_
