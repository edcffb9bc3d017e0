// When the probes that only copied requests need may go, and what brings them back.
#include "gotrace/route_probes.h"

#include <gtest/gtest.h>

namespace gooffsets::trace {
namespace {

enum class Route { kNone, kOwn, kCopied };

gt_span Span(Route route, int status = 200, gt_kind kind = GT_HTTP1_SERVER) {
  gt_span span{};
  span.kind = static_cast<unsigned char>(kind);
  span.status = status;
  span.length[GT_STR_ROUTE] = route == Route::kNone ? 0 : 5;
  if (route == Route::kCopied) span.flags |= GT_FLAG_ROUTE_COPIED;
  return span;
}

void Many(RouteProbes* probes, uint32_t count, const gt_span& span) {
  for (uint32_t i = 0; i < count; ++i) probes->Saw(span);
}

TEST(RouteProbes, LeaveAfterManyOwnRoutes) {
  RouteProbes probes;
  Many(&probes, RouteProbes::kEnough - 1, Span(Route::kOwn));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
  probes.Saw(Span(Route::kOwn));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kLeave);
  probes.Done();
  Many(&probes, 3 * RouteProbes::kEnough, Span(Route::kOwn));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
}

TEST(RouteProbes, StayWhereAnyRequestWasCopied) {
  for (const gt_span& reason : {Span(Route::kCopied), Span(Route::kNone)}) {
    RouteProbes probes;
    Many(&probes, RouteProbes::kEnough - 1, Span(Route::kOwn));
    probes.Saw(reason);
    Many(&probes, 3 * RouteProbes::kEnough, Span(Route::kOwn));
    EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
  }
}

TEST(RouteProbes, AWishThatIsOvertakenIsDropped) {
  RouteProbes probes;
  Many(&probes, RouteProbes::kEnough, Span(Route::kOwn));
  probes.Saw(Span(Route::kCopied));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
}

TEST(RouteProbes, ReturnOnceAndForGood) {
  RouteProbes probes;
  Many(&probes, RouteProbes::kEnough, Span(Route::kOwn));
  probes.Done();
  probes.Saw(Span(Route::kNone));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kReturn);
  probes.Done();
  Many(&probes, 3 * RouteProbes::kEnough, Span(Route::kOwn));
  EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
}

TEST(RouteProbes, WhatNeverHasARouteSaysNothing) {
  gt_span panicked = Span(Route::kNone);
  panicked.flags |= GT_FLAG_PANICKED;
  for (const gt_span& span : {Span(Route::kNone, 404), Span(Route::kNone, 405), Span(Route::kNone, 301), panicked,
                              Span(Route::kNone, 200, GT_HTTP_CLIENT), Span(Route::kNone, 0, GT_GRPC_SERVER)}) {
    RouteProbes probes;
    Many(&probes, RouteProbes::kEnough - 1, Span(Route::kOwn));
    probes.Saw(span);
    EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
    probes.Saw(Span(Route::kOwn));
    EXPECT_EQ(probes.wish(), RouteProbes::Wish::kLeave) << "status " << span.status;
    probes.Done();
    probes.Saw(span);
    EXPECT_EQ(probes.wish(), RouteProbes::Wish::kNone);
  }
}

}  // namespace
}  // namespace gooffsets::trace
