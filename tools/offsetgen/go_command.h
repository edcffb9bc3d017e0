// The user's go command: their own settings for proxies and checksums, and toolchains brought as modules.
//
// Every child process gets an explicit environment; of the user's settings only those about where modules come from
// are passed on (GOPROXY, GOSUMDB, GOPRIVATE, ...), read once with `go env`. Any go >= 1.19 on PATH bootstraps: it
// downloads golang.org/toolchain modules, verified against the checksum database by the go command itself.
// Thread-safe after Open.
#ifndef OFFSETGEN_GO_COMMAND_H_
#define OFFSETGEN_GO_COMMAND_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache.h"
#include "gooffsets/layout.h"
#include "gooffsets/result.h"
#include "process.h"

namespace offsetgen {

// A toolchain held for use; released when the last copy goes.
struct Toolchain {
  std::string version;  // "1.26.8"
  std::string root;     // GOROOT
  std::shared_ptr<void> hold;

  std::string go() const { return root + "/bin/go"; }
};

class GoCommand {
 public:
  static gooffsets::Result<std::unique_ptr<GoCommand>> Open(Cache* cache, std::chrono::seconds timeout);

  // The environment for downloads and module resolution (GOMODCACHE = cache/mod).
  std::vector<std::string> DownloadEnv(const std::string& gocache, const std::string& goroot = {}) const;
  // The environment for probe builds (GOMODCACHE = cache/nomod, GOPROXY=off: everything is there already).
  std::vector<std::string> BuildEnv(const Toolchain& toolchain, gooffsets::GoArch arch, const std::string& goexperiment,
                                    const std::string& gocache) const;

  // Brings a toolchain, or finds it in the cache; what the proxy does not have is taken from this machine, if it is
  // installed (installed_go.h). Concurrent calls for one version share one download.
  // kNotFound: nobody has it; kNetwork, kNoSpace: try again.
  gooffsets::Result<Toolchain> Bring(const std::string& version);

  // A module's directory in cache/mod.
  struct Download {
    std::string dir, version, go_mod;
  };
  gooffsets::Result<Download> DownloadModule(const std::string& module, const std::string& version);

  // Runs `go <args>` of the bootstrap in the download environment, below `cwd`.
  gooffsets::Result<ProcessOutput> Run(const std::vector<std::string>& args, const std::string& cwd = {}) const;

  Cache& cache() const { return *cache_; }
  std::chrono::seconds timeout() const { return timeout_; }

 private:
  gooffsets::Result<void> CopyInstalled(const std::string& from, const std::string& root);

  GoCommand(Cache* cache, std::chrono::seconds timeout) : cache_(cache), timeout_(timeout) {}
  Cache* cache_;
  std::chrono::seconds timeout_;
  std::string bootstrap_ = "go";
  std::map<std::string, std::string> user_env_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<std::mutex>> bringing_;
};

// Sorts what the go command printed into an error: network, not found, checksum mismatch, disk full, other.
gooffsets::Error ClassifyGoFailure(const std::string& what, const std::string& output);

}  // namespace offsetgen

#endif  // OFFSETGEN_GO_COMMAND_H_
