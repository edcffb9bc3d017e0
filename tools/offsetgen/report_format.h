// How a report is printed. Plain value.
#ifndef OFFSETGEN_REPORT_FORMAT_H_
#define OFFSETGEN_REPORT_FORMAT_H_

namespace offsetgen {

enum class ReportFormat { kText, kJson };

}  // namespace offsetgen

#endif  // OFFSETGEN_REPORT_FORMAT_H_
