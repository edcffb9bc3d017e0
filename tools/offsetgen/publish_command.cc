#include "publish_command.h"

#include <fmt/format.h>
#include <sodium.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "common/exit_code.h"
#include "common/step_progress.h"
#include "feed/feed_time.h"
#include "feed/minisign.h"
#include "feed/publish_feed.h"
#include "gooffsets/database.h"
#include "gooffsets/feed.h"
#include "site/static_site.h"

namespace offsetgen {

using gooffsets::ErrorCode;
using gooffsets::Fail;
using gooffsets::ReportError;
using gooffsets::Result;
using gooffsets::StepProgress;

struct PublishCommand::State {
  CLI::App* publish = nullptr;
  CLI::App* keygen = nullptr;
  std::string db = "./offsets.db", feed, key_file, password_file, next_key, site, format = "text";
  std::vector<std::string> revoked, corrections;
  double expires = 30;
  unsigned deltas = 5, keep = 10;
  int level = 19;
  bool new_key = false, force = false;
};

namespace {

constexpr uint64_t kMaxKeyFile = 8192;

// gooffsets.key -> gooffsets.pub, as minisign names its own; other names get ".pub" behind them.
std::string PublicKeyName(const std::string& file) {
  const std::filesystem::path path(file);
  return path.extension() == ".key" ? std::filesystem::path(path).replace_extension(".pub").string() : file + ".pub";
}

// The first line of the file.
Result<std::string> Password(const std::string& file) {
  if (file.empty()) return std::string();
  GOOFFSETS_TRY(std::string text, gooffsets::ReadFile(file, kMaxKeyFile));
  text = text.substr(0, text.find('\n'));
  if (text.empty()) return Fail(ErrorCode::kBadInput, "the password file " + file + " is empty");
  return text;
}

// Now, or SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/), so that a feed can be made
// again byte for byte.
Result<int64_t> PublicationTime() {
  const char* epoch = std::getenv("SOURCE_DATE_EPOCH");
  if (epoch == nullptr || *epoch == '\0') return static_cast<int64_t>(std::time(nullptr));
  const std::string_view text(epoch);
  int64_t seconds = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 0) return seconds;
  return Fail(ErrorCode::kUsage, "SOURCE_DATE_EPOCH is no number of seconds");
}

nlohmann::ordered_json Json(const gooffsets::PublishedFeed& done) {
  nlohmann::ordered_json out{{"changed", done.changed},
                             {"version", done.manifest.version},
                             {"created", gooffsets::FeedTime(done.manifest.created)},
                             {"expires", gooffsets::FeedTime(done.manifest.expires)},
                             {"builds_added", done.builds_added},
                             {"builds_replaced", done.builds_replaced},
                             {"builds_removed", done.builds_removed},
                             {"corrected", done.corrected},
                             {"new_versions", done.new_versions},
                             {"database_size", done.manifest.database.size},
                             {"full_size", done.manifest.full.size}};
  out["deltas"] = nlohmann::ordered_json::array();
  for (const auto& delta : done.manifest.deltas) {
    out["deltas"].push_back({{"from_version", delta.from_version}, {"size", delta.blob.size}});
  }
  return out;
}

void Print(const gooffsets::PublishedFeed& done, const std::string& feed) {
  const gooffsets::Manifest& manifest = done.manifest;
  if (!done.changed) {
    fmt::print("{}: version {} is up to date, until {}\n", feed, manifest.version,
               gooffsets::FeedTime(manifest.expires));
    return;
  }
  fmt::print("{}: version {}, until {}\n", feed, manifest.version, gooffsets::FeedTime(manifest.expires));
  fmt::print("  {} builds added, {} replaced, {} removed; {} published answers corrected\n", done.builds_added,
             done.builds_replaced, done.builds_removed, done.corrected);
  for (size_t i = 0; i < done.new_versions.size() && i < 20; ++i) fmt::print("  new: {}\n", done.new_versions[i]);
  if (done.new_versions.size() > 20) fmt::print("  and {} more new versions\n", done.new_versions.size() - 20);
  fmt::print("  snapshot {:.2f} MB, compressed {:.2f} MB\n", static_cast<double>(manifest.database.size) / 1e6,
             static_cast<double>(manifest.full.size) / 1e6);
  for (const auto& delta : manifest.deltas) {
    fmt::print("  from version {}: {:.1f} kB, {:.2f} % of that\n", delta.from_version,
               static_cast<double>(delta.blob.size) / 1e3,
               100.0 * static_cast<double>(delta.blob.size) / static_cast<double>(manifest.full.size));
  }
}

}  // namespace

PublishCommand::PublishCommand(CLI::App* app) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.publish = app->add_subcommand("publish",
                                  "make a signed feed of a database, or add the next version to it\n\n"
                                  "Example:\n"
                                  "  offsetgen keygen gooffsets.key\n"
                                  "  offsetgen publish --db offsets.db --feed feed --sign gooffsets.key");
  s.publish->add_option("--db", s.db, "the database")->capture_default_str();
  s.publish->add_option("--feed", s.feed, "directory of the feed; any web server can serve it")->required();
  s.publish->add_option("--sign", s.key_file, "secret key: of keygen, or of minisign -G")->required();
  s.publish->add_option("--password-file", s.password_file, "its first line is the password of the secret key");
  s.publish->add_option("--next-key", s.next_key, "announce this public key: a later version may be signed with it");
  s.publish->add_option("--revoke", s.revoked, "clients never again trust this public key (may be repeated)");
  s.publish->add_flag("--new-key", s.new_key, "sign with a key that was never announced");
  s.publish->add_option("--correction", s.corrections,
                        "allow a published answer to change: 'MODULE@VERSION SYMBOL: REASON' (may be repeated)");
  s.publish->add_option("--expires", s.expires, "days until clients take the feed for abandoned")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 3650.0));
  s.publish->add_option("--deltas", s.deltas, "make differences from so many earlier versions")
      ->capture_default_str()
      ->check(CLI::Range(0, 60));
  s.publish->add_option("--keep", s.keep, "keep the blobs of so many earlier versions")->capture_default_str();
  s.publish->add_option("--site", s.site, "also write the web pages, as files, into this directory");
  s.publish->add_option("--level", s.level, "zstd's level")->capture_default_str()->check(CLI::Range(1, 22));
  s.publish->add_option("--format", s.format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  s.keygen = app->add_subcommand("keygen",
                                 "make a pair of keys for a feed, as minisign's\n\n"
                                 "Example:\n"
                                 "  offsetgen keygen gooffsets.key          # and gooffsets.pub");
  s.keygen->add_option("FILE", s.key_file, "the secret key, NAME.key; the public one is NAME.pub beside it")
      ->required();
  s.keygen->add_option("--password-file", s.password_file, "encrypt it with the first line of this file");
  s.keygen->add_flag("--force", s.force, "overwrite a key that is there");
}

PublishCommand::~PublishCommand() = default;

namespace {

Result<gooffsets::PublishedFeed> Publish(gooffsets::PublishOptions options, const std::string& key_file,
                                         const std::string& password_file, const std::vector<std::string>& revoked,
                                         const std::vector<std::string>& corrections, const std::string& next_key) {
  GOOFFSETS_TRY(const std::string password, Password(password_file));
  GOOFFSETS_TRY(std::string key, gooffsets::ReadFile(key_file, kMaxKeyFile));
  const bool encrypted = gooffsets::IsEncryptedSecretKey(key);
  auto secret = gooffsets::ParseSecretKey(key, password);
  sodium_memzero(key.data(), key.size());
  if (!secret) {
    return Fail(secret.error().code, secret.error().message + " (" + key_file + ")",
                encrypted ? "--password-file FILE" : "the secret key: NAME.key of keygen, or of minisign -G");
  }
  options.key = *secret;
  if (!next_key.empty()) {
    GOOFFSETS_TRY(std::vector<std::string> next, gooffsets::ReadPublicKeys({next_key}));
    if (next.size() != 1) return Fail(ErrorCode::kUsage, next_key + " holds several keys: there is one next key");
    options.next_key = std::move(next.front());
  }
  GOOFFSETS_TRY(options.revoked_keys, gooffsets::ReadPublicKeys(revoked));
  for (const std::string& one : corrections) {
    GOOFFSETS_TRY(gooffsets::FeedCorrection correction, gooffsets::ParseCorrection(one));
    options.corrections.push_back(std::move(correction));
  }
  GOOFFSETS_TRY(options.now, PublicationTime());
  return gooffsets::PublishFeed(options);
}

Result<void> MakeKeys(const std::string& file, const std::string& password_file, bool force) {
  for (const std::string& path : {file, PublicKeyName(file)}) {
    if (force || ::access(path.c_str(), F_OK) != 0) continue;
    return Fail(ErrorCode::kUsage, "there is a key " + path + " already", "another name; --force overwrites it");
  }
  GOOFFSETS_TRY(const std::string password, Password(password_file));
  GOOFFSETS_TRY(const gooffsets::SecretKey key, gooffsets::NewSecretKey());
  GOOFFSETS_TRY(std::string text, gooffsets::SecretKeyFile(key, password));
  Result<void> written = gooffsets::WriteFileAtomic(file, text, 0600);
  sodium_memzero(text.data(), text.size());
  if (!written) return written;
  return gooffsets::WriteFileAtomic(PublicKeyName(file), gooffsets::PublicKeyFile(key.Public()));
}

Result<gooffsets::StaticSiteCounts> WriteSite(const std::string& db, const std::string& directory) {
  GOOFFSETS_TRY(const gooffsets::Database database, gooffsets::Database::Open(db));
  gooffsets::StaticSiteOptions options;
  StepProgress progress;
  options.progress = [&](size_t done, size_t total) { progress.Show({"writing", done, total, "pages"}); };
  return gooffsets::WriteStaticSite(database, directory, options);
}

}  // namespace

std::optional<int> PublishCommand::Run() {
  State& s = *state_;
  if (s.keygen->parsed()) {
    Result<void> made = MakeKeys(s.key_file, s.password_file, s.force);
    if (!made) return ReportError("offsetgen", made.error());
    fmt::print("{}: keep it secret\n{}: give it to clients\n", s.key_file, PublicKeyName(s.key_file));
    return 0;
  }
  if (!s.publish->parsed()) return std::nullopt;
  gooffsets::PublishOptions options{.database = s.db, .feed = s.feed};
  options.lifetime = static_cast<int64_t>(s.expires * 86400);
  options.deltas = s.deltas;
  options.keep = s.keep;
  options.level = s.level;
  options.new_key = s.new_key;
  std::optional<StepProgress> progress(std::in_place);
  options.progress = [&](const gooffsets::PublishProgress& step) {
    progress->Show({step.what, step.done, step.total, step.unit});
  };
  auto done = Publish(std::move(options), s.key_file, s.password_file, s.revoked, s.corrections, s.next_key);
  progress.reset();
  if (!done) return ReportError("offsetgen", done.error());
  if (s.format == "json") {
    fmt::print("{}\n", Json(*done).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    Print(*done, s.feed);
  }
  if (s.site.empty()) return 0;
  Result<gooffsets::StaticSiteCounts> pages = WriteSite(s.db, s.site);
  if (!pages) return ReportError("offsetgen", pages.error());
  if (s.format == "text") {
    fmt::print("{}: {} pages, {} files, {:.1f} MB\n", s.site, pages->pages, pages->files,
               static_cast<double>(pages->bytes) / 1e6);
  }
  return 0;
}

}  // namespace offsetgen
