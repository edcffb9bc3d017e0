package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"runtime"
	"testing"
)

func parse(t *testing.T, name string, src any) *Package {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return &Package{Syntax: []*ast.File{f}}
}

func TestLinknames(t *testing.T) {
	p := parse(t, "p.go", `package p

//go:linkname push other/path.Push
func push() {}

// A comment above.
//
//go:linknamestd std reflect.std
func std() {}

//go:linknamestd marked
func marked() {}

//go:linkname alsoMarked
func alsoMarked() {}

// go:linkname notADirective x.y
func notADirective() {}

//go:linknamestdx unknown x.z
func unknown() {}
`)
	want := map[string]string{"push": "other/path.Push", "std": "reflect.std"}
	if got := linknames(p); !maps.Equal(got, want) {
		t.Errorf("linknames: %v, want %v", got, want)
	}
}

// The runtime of Go 1.27 has two functions that only linknamestd renames, and one that has been renamed for long.
func TestLinknamesOfTheRuntime(t *testing.T) {
	got := linknames(parse(t, filepath.Join(runtime.GOROOT(), "src/runtime/runtime1.go"), nil))
	for local, want := range map[string]string{
		"reflect_compiledTypelinks":         "reflect.compiledTypelinks",
		"reflect_adjustAIXGCDataForRuntime": "reflect.adjustAIXGCDataForRuntime",
		"reflect_resolveNameOff":            "reflect.resolveNameOff",
	} {
		if got[local] != want {
			t.Errorf("%s: %q, want %q", local, got[local], want)
		}
	}
}
