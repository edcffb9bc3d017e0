// An agent's first step, in Go: fields and functions of one program through the C interface.
package main

/*
#cgo pkg-config: gooffsets
#include <gooffsets/gooffsets.h>
#include <stdlib.h>
*/
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

// check ends the program with what the library says went wrong.
func check(status C.gooffsets_status, err *C.gooffsets_error) {
	if status != C.GOOFFSETS_OK {
		fmt.Fprintln(os.Stderr, "agent:", C.GoString(C.gooffsets_error_message(err)))
		os.Exit(3)
	}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "agent PROGRAM WANTS DATABASE")
		os.Exit(2)
	}
	wants, readErr := os.ReadFile(os.Args[2])
	if readErr != nil {
		fmt.Fprintln(os.Stderr, "agent:", readErr)
		os.Exit(3)
	}
	text := func(s string) *C.char { return C.CString(s) } // freed with the process

	var err *C.gooffsets_error
	var binary *C.gooffsets_binary
	check(C.gooffsets_binary_open(text(os.Args[1]), &binary, &err), err)
	defer C.gooffsets_binary_close(binary)
	var database *C.gooffsets_database
	check(C.gooffsets_database_open(text(os.Args[3]), &database, &err), err)
	defer C.gooffsets_database_close(database)
	var resolver *C.gooffsets_resolver
	check(C.gooffsets_resolver_new(binary, database, nil, &resolver, &err), err)
	defer C.gooffsets_resolver_free(resolver)
	var resolution *C.gooffsets_resolution
	check(C.gooffsets_resolver_resolve(resolver, text(string(wants)), text(os.Args[2]), &resolution, &err), err)
	defer C.gooffsets_resolution_free(resolution)

	probe := text("http_server")
	fmt.Println("http_server usable:", C.gooffsets_resolution_usable(resolution, probe) == 1)
	for _, name := range []string{"net/http.Request.URL", "net/http.Request.Method", "net/url.URL.Path", "status"} {
		field := C.gooffsets_field{struct_size: C.size_t(unsafe.Sizeof(C.gooffsets_field{}))}
		if C.gooffsets_resolution_field(resolution, probe, text(name), &field, &err) == C.GOOFFSETS_OK {
			fmt.Println("field", name, uint64(field.offset))
		} else {
			fmt.Println("without", name, C.GoString(C.gooffsets_error_message(err)))
			C.gooffsets_error_free(err)
		}
	}
	serve := text("net/http.serverHandler.ServeHTTP")
	function := C.gooffsets_function{struct_size: C.size_t(unsafe.Sizeof(C.gooffsets_function{}))}
	check(C.gooffsets_resolution_function(resolution, probe, serve, 0, &function, &err), err)
	fmt.Printf("attach at %#x\n", uint64(function.entry_file_offset))
	for _, at := range unsafe.Slice(function.return_file_offsets, int(function.returns)) {
		fmt.Printf("return at %#x\n", uint64(at))
	}
}
