// How long Go's own packages take for the same file: debug/gosym's table of all functions, and debug/dwarf's of all
// structs where the file has DWARF. One JSON object; milliseconds, best of five, and the bytes they allocated.
package main

import (
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"encoding/json"
	"log"
	"os"
	"runtime"
	"time"
)

func functions(path string) (int, error) {
	file, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	for _, name := range []string{".gopclntab", ".data.rel.ro.gopclntab"} {
		section := file.Section(name)
		if section == nil {
			continue
		}
		data, err := section.Data()
		if err != nil {
			return 0, err
		}
		table, err := gosym.NewTable(nil, gosym.NewLineTable(data, file.Section(".text").Addr))
		if err != nil {
			return 0, err
		}
		return len(table.Funcs), nil
	}
	return 0, nil
}

func structs(path string) (int, error) {
	file, err := elf.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	data, err := file.DWARF()
	if err != nil {
		return 0, nil // stripped
	}
	n := 0
	reader := data.Reader()
	for {
		entry, err := reader.Next()
		if err != nil || entry == nil {
			return n, err
		}
		if entry.Tag == dwarf.TagStructType {
			if _, err := data.Type(entry.Offset); err == nil {
				n++
			}
		}
	}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("peers FILE")
	}
	out := map[string]interface{}{}
	for name, measured := range map[string]func(string) (int, error){"gosym": functions, "dwarf": structs} {
		best := time.Hour
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n := 0
		for round := 0; round < 5; round++ {
			begin := time.Now()
			var err error
			if n, err = measured(os.Args[1]); err != nil {
				log.Fatal(err)
			}
			if took := time.Since(begin); took < best {
				best = took
			}
		}
		runtime.ReadMemStats(&after)
		out[name] = map[string]interface{}{"count": n, "best_ms": float64(best.Microseconds()) / 1000,
			"allocated_bytes": (after.TotalAlloc - before.TotalAlloc) / 5}
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		log.Fatal(err)
	}
}
