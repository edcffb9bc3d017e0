module gooffsets.invalid/keepgen

go 1.23
