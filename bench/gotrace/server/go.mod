module example.com/benchserver

go 1.22
