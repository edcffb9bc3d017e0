module example.com/benchreceiver

go 1.22
