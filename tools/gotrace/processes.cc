#include "gotrace/processes.h"

#include <dirent.h>
#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <climits>
#include <cstdio>
#include <cstring>
#include <memory>
#include <sstream>

#include "base/file.h"

namespace gooffsets::trace {

namespace {

struct DirectoryCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirectoryCloser> directory(opendir(path.c_str()));
  if (!directory) return names;
  while (const dirent* entry = readdir(directory.get())) names.emplace_back(entry->d_name);
  return names;
}

std::optional<std::string> LinkText(const std::string& path) {
  char text[PATH_MAX];
  const ssize_t length = readlink(path.c_str(), text, sizeof text);
  if (length <= 0) return std::nullopt;
  return std::string(text, static_cast<size_t>(length));
}

// Where the program headers put the first byte of the file, rounded down as the kernel does (src: Linux
// fs/binfmt_elf.c).
std::optional<uint64_t> LinkedStart(const std::string& path, bool* fixed) {
  Result<UniqueFd> file = OpenForReading(path);
  Elf64_Ehdr header;
  if (!file || !ReadAt(*file, 0, reinterpret_cast<char*>(&header), sizeof header, path)) return std::nullopt;
  *fixed = header.e_type != ET_DYN;
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum > 256) return std::nullopt;
  std::vector<Elf64_Phdr> programs(header.e_phnum);
  if (!ReadAt(*file, header.e_phoff, reinterpret_cast<char*>(programs.data()), programs.size() * sizeof(Elf64_Phdr),
              path)) {
    return std::nullopt;
  }
  for (const Elf64_Phdr& program : programs) {
    if (program.p_type == PT_LOAD && program.p_offset < 4096) return program.p_vaddr - program.p_offset;
  }
  return std::nullopt;
}

}  // namespace

std::vector<int> AllProcesses() {
  std::vector<int> processes;
  for (const std::string& name : NamesIn("/proc")) {
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc() && end == name.data() + name.size()) processes.push_back(pid);
  }
  return processes;
}

Result<int> ProcessOf(int pid) {
  const Result<std::string> status = ReadFile("/proc/" + std::to_string(pid) + "/status", 1 << 16);
  int leader = 0;
  const size_t at = status ? status->find("\nTgid:") : std::string::npos;
  if (at == std::string::npos || std::sscanf(status->c_str() + at, "\nTgid: %d", &leader) != 1) {
    return Fail(ErrorCode::kNotFound, "there is no process " + std::to_string(pid));
  }
  // A process that has ended and that nobody has waited for yet is gone as well.
  const size_t state = status->find("\nState:\tZ");
  if (state != std::string::npos) return Fail(ErrorCode::kNotFound, "process " + std::to_string(pid) + " has ended");
  return leader;
}

std::string ExePath(int pid) { return "/proc/" + std::to_string(pid) + "/exe"; }

std::optional<FileId> FileOf(const std::string& path) {
  struct stat data;
  if (stat(path.c_str(), &data) != 0) return std::nullopt;
  return FileId{data.st_dev, data.st_ino, static_cast<uint64_t>(data.st_size),
                data.st_mtim.tv_sec * 1'000'000'000 + data.st_mtim.tv_nsec};
}

std::optional<std::string> ExeName(int pid) {
  std::optional<std::string> name = LinkText(ExePath(pid));
  constexpr std::string_view kDeleted = " (deleted)";
  if (name && name->ends_with(kDeleted)) name->resize(name->size() - kDeleted.size());
  return name;
}

std::vector<MappedPart> MappedPartsOf(int pid) {
  std::vector<MappedPart> parts;
  const std::optional<FileId> exe = FileOf(ExePath(pid));
  const Result<std::string> maps = ReadFile("/proc/" + std::to_string(pid) + "/maps", 16 << 20);
  if (!exe || !maps) return parts;
  std::istringstream lines(*maps);
  for (std::string line; std::getline(lines, line);) {
    uint64_t begin = 0, end = 0, offset = 0, inode = 0;
    unsigned major = 0, minor = 0;
    char rights[8] = {};
    if (std::sscanf(line.c_str(), "%lx-%lx %7s %lx %x:%x %lu", &begin, &end, rights, &offset, &major, &minor, &inode) ==
            7 &&
        inode == exe->inode && begin < end) {
      parts.push_back({begin, end - begin, offset});
    }
  }
  return parts;
}

std::optional<uint64_t> LoadBiasOf(int pid) {
  bool fixed = false;
  const std::optional<uint64_t> linked = LinkedStart(ExePath(pid), &fixed);
  if (!linked) return std::nullopt;
  if (fixed) return 0;
  for (const MappedPart& part : MappedPartsOf(pid)) {
    if (part.offset == 0) return part.address - *linked;
  }
  return std::nullopt;
}

std::set<int> ListenersOn(uint16_t port) {
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    const Result<std::string> text = ReadFile(table, 64 << 20);
    if (!text) continue;
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      // "sl local:port remote:port state ... inode" (src: Linux Documentation/networking/proc_net_tcp.rst); 0A is
      // LISTEN.
      unsigned local = 0, state = 0;
      unsigned long inode = 0;
      if (std::sscanf(line.c_str(), " %*d: %*[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*d %*d %lu", &local, &state,
                      &inode) == 3 &&
          local == port && state == 0x0A) {
        sockets.insert("socket:[" + std::to_string(inode) + "]");
      }
    }
  }
  std::set<int> listeners;
  if (sockets.empty()) return listeners;
  for (const int pid : AllProcesses()) {
    const std::string directory = "/proc/" + std::to_string(pid) + "/fd";
    for (const std::string& name : NamesIn(directory)) {
      const std::optional<std::string> target = LinkText(directory + "/" + name);
      if (target && sockets.count(*target)) {
        listeners.insert(pid);
        break;
      }
    }
  }
  return listeners;
}

}  // namespace gooffsets::trace
