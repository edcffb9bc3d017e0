// An HTTP/1.1 server with a 100-byte body; /wait answers after 20 ms. Says its port, and for each line on its standard
// input how many requests its handlers have had.
package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

func main() {
	body := []byte(strings.Repeat("x", 100))
	var requests atomic.Int64
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		w.Write(body)
	})
	http.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		time.Sleep(20 * time.Millisecond)
		w.Write(body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			fmt.Println(requests.Load())
		}
		os.Exit(0)
	}()
	panic(http.Serve(listener, nil))
}
