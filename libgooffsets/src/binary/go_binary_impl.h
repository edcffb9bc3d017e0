// The inside of GoBinary: the image and the tables that were found in it, shared by the parts that answer from a binary.
//
// The tables point into the image, so an Impl never moves. A table that is null says why in info(). Not thread-safe.
//
//   if (RuntimeTypes* types = binary->impl().types()) types->FindTypes(names);
#ifndef GOOFFSETS_BINARY_GO_BINARY_IMPL_H_
#define GOOFFSETS_BINARY_GO_BINARY_IMPL_H_

#include <memory>
#include <optional>
#include <string>

#include "binary/image.h"
#include "binary/moduledata.h"
#include "binary/pclntab.h"
#include "binary/runtime_types.h"
#include "gooffsets/binary.h"

namespace gooffsets {

class GoBinary::Impl {
 public:
  // Finds what there is; kUnsupported if nothing shows that this is a Go program.
  static Result<std::unique_ptr<Impl>> Make(Image image);
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const Image& image() const { return image_; }
  const BinaryInfo& info() const { return info_; }
  Pclntab* pclntab() { return pclntab_ ? &*pclntab_ : nullptr; }
  const Moduledata* module() const { return module_ ? &*module_ : nullptr; }
  RuntimeTypes* types() { return types_ ? &*types_ : nullptr; }

 private:
  explicit Impl(Image image) : image_(std::move(image)) {}
  // Returns why there is no pclntab, if so.
  std::optional<Error> FindTables();

  Image image_;
  BinaryInfo info_;
  std::optional<Pclntab> pclntab_;
  std::optional<Moduledata> module_;
  std::optional<RuntimeTypes> types_;
};

}  // namespace gooffsets

#endif  // GOOFFSETS_BINARY_GO_BINARY_IMPL_H_
