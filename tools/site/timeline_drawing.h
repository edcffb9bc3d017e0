// The picture of a story over versions, and the table that says the same in words.
//
// A column a version; versions that nobody observed are one hatched column together. Bars break where an observation is
// missing, and lie above each other where the Go release of the build matters. Each bar is a link to its row of the
// table, and says its evidence to pointer, focus and screen reader alike. Pure; safe from any thread.
//
//   Html html;
//   DrawTimeline(&html, story);
//   TimelineTable(&html, story);
#ifndef GOOFFSETS_TOOLS_SITE_TIMELINE_DRAWING_H_
#define GOOFFSETS_TOOLS_SITE_TIMELINE_DRAWING_H_

#include <string>

#include "site/html.h"
#include "site/story.h"

namespace gooffsets {

void DrawTimeline(Html* html, const Story& story);
void TimelineTable(Html* html, const Story& story);

// "1.27.4", "1.21.13, 1.26.8", "1.17 .. 1.27.4 (95 releases)".
std::string GoReleases(const std::vector<std::string>& releases);

}  // namespace gooffsets

#endif  // GOOFFSETS_TOOLS_SITE_TIMELINE_DRAWING_H_
