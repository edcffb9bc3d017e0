#include "feed/bundle.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/quote.h"

namespace gooffsets {
namespace {

constexpr uint64_t kBlock = 512;
constexpr size_t kMaxEntries = 20000;
// Where fields of a header lie: name, mode, size, time, checksum, type, magic.
constexpr size_t kName = 0, kNameSize = 100, kMode = 100, kUid = 108, kGid = 116, kSize = 124, kTime = 136, kSum = 148,
                 kType = 156, kMagic = 257;
using Block = std::array<char, kBlock>;

uint64_t Sum(const Block& block) {
  uint64_t sum = 0;
  for (size_t i = 0; i < block.size(); ++i) {
    // The checksum counts as blanks while it is computed.
    sum += i >= kSum && i < kSum + 8 ? ' ' : static_cast<unsigned char>(block[i]);
  }
  return sum;
}

std::optional<uint64_t> Octal(const Block& block, size_t at, size_t size) {
  uint64_t value = 0;
  bool any = false;
  for (size_t i = at; i < at + size; ++i) {
    const char c = block[i];
    if (c == '\0' || c == ' ') {
      if (any) break;
      continue;
    }
    if (c < '0' || c > '7') return std::nullopt;
    value = value * 8 + static_cast<uint64_t>(c - '0');  // at most 12 digits
    any = true;
  }
  return any ? std::optional(value) : std::nullopt;
}

void PutOctal(Block* block, size_t at, size_t digits, uint64_t value) {
  for (size_t i = digits; i-- > 0; value /= 8) (*block)[at + i] = static_cast<char>('0' + value % 8);
}

}  // namespace

Result<BundleReader> BundleReader::Open(const std::string& path) {
  BundleReader bundle;
  bundle.path_ = path;
  GOOFFSETS_TRY(bundle.fd_, OpenForReading(path));
  GOOFFSETS_TRY(const uint64_t size, FileSize(bundle.fd_, path));
  auto damaged = [&](const std::string& what) {
    return Fail(ErrorCode::kBadInput, path + " is no bundle of a feed, or damaged: " + what);
  };
  for (uint64_t at = 0;;) {
    if (size - at < kBlock) return damaged("it ends without an end mark");
    Block block;
    GOOFFSETS_CHECK_OK(ReadAt(bundle.fd_, at, block.data(), block.size(), path));
    at += kBlock;
    if (std::all_of(block.begin(), block.end(), [](char c) { return c == '\0'; })) return bundle;
    const std::optional<uint64_t> sum = Octal(block, kSum, 8), length = Octal(block, kSize, 12);
    if (std::string_view(&block[kMagic], 5) != "ustar" || !sum || *sum != Sum(block) || !length) {
      return damaged("no tar header at byte " + std::to_string(at - kBlock));
    }
    const std::string name(&block[kName], strnlen(&block[kName], kNameSize));
    if (block[kType] != '0' && block[kType] != '5') return damaged(Quote(name) + " is no plain file");
    if (*length > size - at) return damaged(Quote(name) + " is cut off");
    if (bundle.entries_.size() >= kMaxEntries) return damaged("too many files");
    if (block[kType] == '0' && !bundle.entries_.try_emplace(name, Entry{at, *length}).second) {
      return damaged(Quote(name) + " is in it twice");
    }
    const uint64_t padded = (*length + kBlock - 1) / kBlock * kBlock;
    if (padded > size - at) return damaged(Quote(name) + " is cut off");
    at += padded;
  }
}

const BundleReader::Entry* BundleReader::Find(const std::string& name) const {
  auto it = entries_.find(name);
  return it == entries_.end() ? nullptr : &it->second;
}

Result<void> BundleReader::Read(const Entry& entry, uint64_t at, char* out, size_t size) const {
  if (at > entry.size || size > entry.size - at)
    return Fail(ErrorCode::kBadInput, path_ + " is shorter than it claims");
  return ReadAt(fd_, entry.offset + at, out, size, path_);
}

Result<BundleWriter> BundleWriter::Create(const std::string& path) {
  GOOFFSETS_TRY(OutputFile out, OutputFile::Open(path, OutputFile::Mode::kNew));
  return BundleWriter(std::move(out));
}

Result<void> BundleWriter::Header(const std::string& name, uint64_t size) {
  if (name.size() >= kNameSize) return Fail(ErrorCode::kInternal, "a name too long for a bundle: " + name);
  Block block{};
  std::copy(name.begin(), name.end(), block.begin() + kName);
  PutOctal(&block, kMode, 7, 0644);
  PutOctal(&block, kUid, 7, 0);
  PutOctal(&block, kGid, 7, 0);
  PutOctal(&block, kSize, 11, size);
  PutOctal(&block, kTime, 11, 0);  // no times: equal feeds give equal bundles
  block[kType] = '0';
  std::memcpy(&block[kMagic],
              "ustar\0"
              "00",
              8);
  PutOctal(&block, kSum, 6, Sum(block));
  block[kSum + 7] = ' ';
  return out_.Write(std::string_view(block.data(), block.size()));
}

Result<void> BundleWriter::Pad(uint64_t size) {
  return out_.Write(std::string(static_cast<size_t>((kBlock - size % kBlock) % kBlock), '\0'));
}

Result<void> BundleWriter::AddText(const std::string& name, std::string_view text) {
  GOOFFSETS_CHECK_OK(Header(name, text.size()));
  GOOFFSETS_CHECK_OK(out_.Write(text));
  return Pad(text.size());
}

Result<void> BundleWriter::AddFile(const std::string& name, const std::string& path) {
  GOOFFSETS_TRY(UniqueFd in, OpenForReading(path));
  GOOFFSETS_TRY(const uint64_t size, FileSize(in, path));
  GOOFFSETS_CHECK_OK(Header(name, size));
  std::string piece(size_t{1} << 20, '\0');
  for (uint64_t at = 0; at < size;) {
    const size_t count = static_cast<size_t>(std::min<uint64_t>(piece.size(), size - at));
    GOOFFSETS_CHECK_OK(ReadAt(in, at, piece.data(), count, path));
    GOOFFSETS_CHECK_OK(out_.Write(std::string_view(piece).substr(0, count)));
    at += count;
  }
  return Pad(size);
}

Result<void> BundleWriter::Finish() {
  GOOFFSETS_CHECK_OK(out_.Write(std::string(2 * kBlock, '\0')));
  return out_.Sync();
}

}  // namespace gooffsets
