// Spans as lines of a file or of standard output: flat JSON, or a request in OTLP JSON for each batch.
//
// Appends, and writes whole lines only: a line that could not be written whole is cut off again where the file allows
// it, so that what reads the file never meets half an object. One thread at a time.
//
//   GOOFFSETS_TRY(auto exporter, OpenFileExporter("spans.jsonl", FileFormat::kJsonLines));
//   pipeline.Add(MakeFileExporter(UniqueFd(dup(1)), "standard output", FileFormat::kJsonLines), batch);
#ifndef GOOFFSETS_TOOLS_GOTRACE_EXPORT_FILE_EXPORTER_H_
#define GOOFFSETS_TOOLS_GOTRACE_EXPORT_FILE_EXPORTER_H_

#include <memory>
#include <string>

#include "base/file.h"
#include "gooffsets/result.h"
#include "gotrace/export/exporter.h"

namespace gooffsets::trace {

enum class FileFormat { kJsonLines, kOtlpJson };

// `path` is for messages only.
std::unique_ptr<Exporter> MakeFileExporter(UniqueFd fd, std::string path, FileFormat format);
// A new file is for its owner only: spans may hold what not everybody shall read.
Result<std::unique_ptr<Exporter>> OpenFileExporter(const std::string& path, FileFormat format);

}  // namespace gooffsets::trace

#endif  // GOOFFSETS_TOOLS_GOTRACE_EXPORT_FILE_EXPORTER_H_
