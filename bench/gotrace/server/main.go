// An HTTP/1.1 server with a 100-byte body; /wait answers after 20 ms.
package main

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

func main() {
	body := []byte(strings.Repeat("x", 100))
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { w.Write(body) })
	http.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		w.Write(body)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
