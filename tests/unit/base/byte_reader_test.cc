#include "base/byte_reader.h"

#include <gtest/gtest.h>

namespace gooffsets {
namespace {

using namespace std::string_view_literals;

TEST(CheckedReader, LittleEndian) {
  CheckedReader reader("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"sv);
  EXPECT_EQ(reader.U8(), 0x01);
  EXPECT_EQ(reader.U16(), 0x0302);
  EXPECT_EQ(reader.U32(), 0x07060504U);
  EXPECT_EQ(reader.U64(), 0x0f0e0d0c0b0a0908U);
  EXPECT_TRUE(reader.at_end());
  EXPECT_EQ(reader.U8(), std::nullopt);
}

TEST(CheckedReader, AFailedReadMovesNothing) {
  CheckedReader reader("\xff\xff\xff"sv);
  EXPECT_EQ(reader.U32(), std::nullopt);
  EXPECT_EQ(reader.U64(), std::nullopt);
  EXPECT_EQ(reader.Uvarint(), std::nullopt);
  EXPECT_EQ(reader.CString(), std::nullopt);
  EXPECT_FALSE(reader.Take(4));
  EXPECT_FALSE(reader.Skip(UINT64_MAX));
  EXPECT_FALSE(reader.Seek(4));
  EXPECT_EQ(reader.position(), 0U);
  EXPECT_EQ(reader.U16(), 0xffff);
  EXPECT_FALSE(reader.Skip(2));
  EXPECT_TRUE(reader.Skip(1));
  EXPECT_TRUE(reader.at_end());
  EXPECT_TRUE(reader.Seek(0));
  EXPECT_EQ(reader.remaining(), 3U);
}

// Values from Go's encoding/binary.AppendUvarint.
TEST(CheckedReader, UvarintAsGoWritesThem) {
  auto read = [](std::string_view bytes) { return CheckedReader(bytes).Uvarint(); };
  EXPECT_EQ(read("\x00"sv), 0U);
  EXPECT_EQ(read("\x7f"sv), 127U);
  EXPECT_EQ(read("\x80\x01"sv), 128U);
  EXPECT_EQ(read("\xac\x02"sv), 300U);
  EXPECT_EQ(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv), UINT64_MAX);
  EXPECT_EQ(read("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv), std::nullopt) << "65 bits";
  EXPECT_EQ(read("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"sv), 1U) << "DWARF may pad";
  EXPECT_EQ(read("\x81\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv), std::nullopt) << "a bit beyond 64";
  EXPECT_EQ(read(std::string(1000, '\x80') + '\0'), std::nullopt) << "endless padding";
  EXPECT_EQ(read("\x80"sv), std::nullopt);
  EXPECT_EQ(read(""sv), std::nullopt);
}

TEST(CheckedReader, TextAndParts) {
  CheckedReader reader("abc\0\0defg"sv);
  EXPECT_EQ(reader.CString(), "abc");
  EXPECT_EQ(reader.CString(), "");
  EXPECT_EQ(reader.TakeText(2), "de");
  EXPECT_EQ(reader.CString(), std::nullopt) << "no NUL any more";
  EXPECT_EQ(reader.Subspan(5, 4)->size(), 4U);
  EXPECT_EQ(reader.Subspan(9, 0)->size(), 0U);
  EXPECT_FALSE(reader.Subspan(5, 5));
  EXPECT_FALSE(reader.Subspan(10, 0));
  EXPECT_FALSE(reader.Subspan(UINT64_MAX, 2));
  EXPECT_FALSE(reader.Subspan(2, UINT64_MAX));
}

TEST(CheckedReader, Empty) {
  CheckedReader reader;
  EXPECT_EQ(reader.U8(), std::nullopt);
  EXPECT_EQ(reader.CString(), std::nullopt);
  EXPECT_TRUE(reader.Skip(0));
  EXPECT_EQ(reader.Take(0)->size(), 0U);
}

}  // namespace
}  // namespace gooffsets
