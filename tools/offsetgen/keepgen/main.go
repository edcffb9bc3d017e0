// Keepgen prepares one probe build: it selects the files of every package in a closure, writes a keep-file for each
// measured package and the overlay that adds them, and computes every struct's and function's layout with go/types as
// the independent second opinion on DWARF.
//
//	keepgen roots < spec.json     prints the importable packages of one module directory
//	keepgen prepare < spec.json   writes keep-files, overlay.json and facts.jsonl below spec.Out
//
// It is built once, with the newest Go, and reads the sources of any release: nothing it reads is ever run.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// Module is one module of the closure, unpacked at Dir.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Dir     string `json:"dir"`
	Go      string `json:"go"`
}

// Spec is the input of both verbs.
type Spec struct {
	Goroot      string   `json:"goroot"`
	Go          string   `json:"go"`
	Goarch      string   `json:"goarch"`
	Tags        []string `json:"tags"`
	ToolTags    []string `json:"tool_tags"`
	ReleaseTags []string `json:"release_tags"`
	Std         bool     `json:"std"`
	Modules     []Module `json:"modules"`
	// RootModule is measured from Roots (patterns: an import path, or one ending in "/..."; empty: everything), less Exclude.
	RootModule string   `json:"root_module"`
	Roots      []string `json:"roots"`
	Exclude    []string `json:"exclude"`
	Out        string   `json:"out"`
	// Minors are the Go minor releases ("17" .. "27") for which the file selection is computed.
	Minors []int `json:"minors"`
	// Unbuildable symbols ("runtime.foo") are left out of the keep-files: an earlier attempt showed that they break it.
	Unbuildable []string `json:"unbuildable"`
}

func main() {
	if len(os.Args) != 2 {
		fatal(fmt.Errorf("usage: keepgen roots|prepare < spec.json"))
	}
	var spec Spec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		fatal(fmt.Errorf("spec: %w", err))
	}
	var err error
	switch os.Args[1] {
	case "roots":
		err = printRoots(&spec)
	case "prepare":
		err = prepare(&spec)
	default:
		err = fmt.Errorf("unknown verb %q", os.Args[1])
	}
	if err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintf(os.Stderr, "keepgen: %v\n", err)
	os.Exit(1)
}

// printRoots prints one package per line: "path<TAB>why it is not measured" (empty: measured).
func printRoots(spec *Spec) error {
	l := newLoader(spec)
	for _, p := range l.listPackages(l.rootModule()) {
		fmt.Printf("%s\t%s\n", p.Path, p.Why)
	}
	return nil
}

func prepare(spec *Spec) error {
	l := newLoader(spec)
	if err := l.load(); err != nil {
		return err
	}
	c := newChecker(l)
	c.checkAll()
	overlay, err := writeKeepFiles(l, c)
	if err != nil {
		return err
	}
	if err := writeJSON(spec.Out+"/overlay.json", map[string]any{"Replace": overlay}); err != nil {
		return err
	}
	return writeFacts(l, c)
}

func writeJSON(name string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}
