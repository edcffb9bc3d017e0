// A gRPC server with one unary method, and its load: so many calls at one time, each on one of a few connections.
//
//	grpc serve              says its port, and for each line on its standard input how many calls it has had
//	grpc load ADDRESS CONNECTIONS CALLS SECONDS
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
)

type server struct {
	grpc_health_v1.UnimplementedHealthServer
	calls atomic.Int64
}

func (s *server) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	s.calls.Add(1)
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	s := &server{}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Println(s.calls.Load())
		}
		os.Exit(0)
	}()
	g := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(g, s)
	must(g.Serve(listener))
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	must(err)
	return n
}

func load(address string, connections, calls int, duration time.Duration) {
	var clients []grpc_health_v1.HealthClient
	for range connections {
		c, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
		must(err)
		clients = append(clients, grpc_health_v1.NewHealthClient(c))
	}
	var group sync.WaitGroup
	times := make([][]time.Duration, calls)
	begin := time.Now()
	for i := range calls {
		group.Go(func() {
			for time.Since(begin) < duration {
				start := time.Now()
				_, err := clients[i%connections].Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
				must(err)
				times[i] = append(times[i], time.Since(start))
			}
		})
	}
	group.Wait()
	took := time.Since(begin)
	all := slices.Concat(times...)
	slices.Sort(all)
	fmt.Println(len(all), float64(len(all))/took.Seconds(), all[len(all)/2].Seconds()*1000, all[len(all)*99/100].Seconds()*1000)
}

func main() {
	if os.Args[1] == "serve" {
		serve()
	}
	load(os.Args[2], number(os.Args[3]), number(os.Args[4]), time.Duration(number(os.Args[5]))*time.Second)
}
