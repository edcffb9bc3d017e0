package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// keepFile is the name of the generated file in each measured package.
const keepFile = "zz_gooffsets_keep.go"

// writeKeepFiles writes the generated sources below spec.Out and returns the overlay that adds them. Line N of a
// keep-file names one symbol, so that a compiler message leads back to it (see keep.tsv beside it).
func writeKeepFiles(l *loader, c *checker) (map[string]string, error) {
	overlay := map[string]string{}
	dir := filepath.Join(l.spec.Out, "keep")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	n := 0
	var index strings.Builder
	var imports []string
	for _, p := range l.order {
		if !p.Measured || len(p.Syntax) == 0 || p.Syntax[0].Name.Name == "main" {
			continue
		}
		name := filepath.Join(dir, fmt.Sprintf("%04d.go", n))
		n++
		if err := os.WriteFile(name, []byte(keepSource(c, p)), 0o644); err != nil {
			return nil, err
		}
		fmt.Fprintf(&index, "%s\t%s\n", p.Path, name)
		overlay[filepath.Join(p.Dir, keepFile)] = name
		if l.spec.Std || p.Module != nil && p.Module.Path == l.spec.RootModule {
			imports = append(imports, p.Path)
		}
	}
	for importer, list := range importers(l, imports) {
		name := filepath.Join(dir, "import_"+strings.ReplaceAll(importer, "/", "_")+".go")
		clause, tail := relayName, ""
		if importer == mainPath(l) {
			clause, tail = "main", "\nfunc main() {}\n"
		}
		if err := os.WriteFile(name, []byte(importSource(clause, list)+tail), 0o644); err != nil {
			return nil, err
		}
		root := l.rootModule()
		target := filepath.Join(root.Dir, strings.TrimPrefix(importer, root.Path), "main.go")
		if l.spec.Std {
			target = filepath.Join(root.Dir, importer, "main.go")
			if err := makeStub(target, clause); err != nil {
				return nil, err
			}
		}
		overlay[target] = name
	}
	for i := range l.spec.Modules {
		// Modules are complete by themselves: a go.mod without requirements, so that no module graph is loaded.
		m := &l.spec.Modules[i]
		mod := filepath.Join(dir, fmt.Sprintf("mod_%04d.mod", i))
		text := "module " + m.Path + "\n"
		if m.Go != "" {
			text += "\ngo " + m.Go + "\n"
		}
		if err := os.WriteFile(mod, []byte(text), 0o644); err != nil {
			return nil, err
		}
		overlay[filepath.Join(m.Dir, "go.mod")] = mod
	}
	return overlay, os.WriteFile(filepath.Join(dir, "keep.tsv"), []byte(index.String()), 0o644)
}

// relayName is the directory and name of the packages that import, for the probe's main, internal packages that only
// their parent's subtree may import.
const relayName = "gooffsetsrelay"

// makeStub puts a real, empty package where the overlay will replace main.go: Go before 1.22 looks for packages of the
// standard library on the disk, not in the overlay (src: internal/goroot.IsStandardPackage).
func makeStub(target, clause string) error {
	if _, err := os.Stat(target); err == nil {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	text := "package " + clause + "\n"
	if clause == "main" {
		text += "\nfunc main() {}\n"
	}
	return os.WriteFile(target, []byte(text), 0o644)
}

func mainPath(l *loader) string {
	if l.spec.Std {
		return probeDir
	}
	return l.spec.RootModule + "/" + probeDir
}

// importers says which generated package imports which of `paths` (all of the root module), so that everything is
// linked and Go's rule for internal packages is kept. Packages that something else imports anyway are left out.
func importers(l *loader, paths []string) map[string][]string {
	out := map[string][]string{}
	base := ""
	if !l.spec.Std {
		base = l.spec.RootModule
	}
	linked := map[string]bool{}
	var link func(path string)
	link = func(path string) {
		if p := l.packages[path]; p != nil && !linked[path] {
			linked[path] = true
			for _, ip := range p.Imports {
				link(ip)
			}
		}
	}
	var inner []string
	out[mainPath(l)] = nil
	for _, p := range paths {
		if parent := internalParent(p); parent == "" || parent == base {
			out[mainPath(l)] = append(out[mainPath(l)], p)
			link(p)
		} else {
			inner = append(inner, p)
		}
	}
	for _, p := range inner {
		if linked[p] {
			continue
		}
		link(p)
		for child := p; ; {
			parent := internalParent(child)
			if parent == "" || parent == base {
				if !slices.Contains(out[mainPath(l)], child) {
					out[mainPath(l)] = append(out[mainPath(l)], child)
				}
				break
			}
			relay := parent + "/" + relayName
			known := slices.Contains(out[relay], child)
			out[relay] = append(out[relay], child)
			if known || len(out[relay]) > 1 {
				break
			}
			child = relay
		}
	}
	return out
}

// internalParent gives the path whose subtree alone may import p, "" for everyone.
func internalParent(p string) string {
	i := strings.LastIndex("/"+p+"/", "/internal/")
	if i <= 0 {
		return ""
	}
	return p[:i-1]
}

func importSource(clause string, paths []string) string {
	var b strings.Builder
	for i, p := range paths {
		paths[i] = strings.TrimPrefix(p, "vendor/") // how packages of the standard library import vendored ones
	}
	b.WriteString("// Code generated by offsetgen. DO NOT EDIT.\n\npackage " + clause + "\n\nimport (\n")
	for _, p := range paths {
		fmt.Fprintf(&b, "\t_ %q\n", p)
	}
	b.WriteString(")\n")
	return b.String()
}

const keepHeader = `// Code generated by offsetgen. DO NOT EDIT.

package %s

var gooffsetsSink interface{}

//go:noinline
func gooffsetsKeep(f interface{}) { gooffsetsSink = f }
`

// keepSource asks the compiler and the linker to describe every named struct and every function of the package:
// a nil pointer of each struct type is passed to a function of its own, each function value to gooffsetsKeep. Stores to a
// global instead would be dropped as dead, and Go 1.21 prunes types that are only assigned.
func keepSource(c *checker, p *Package) string {
	var decls, calls strings.Builder
	fmt.Fprintf(&decls, keepHeader, p.Syntax[0].Name.Name)
	const chunk = 100 // calls a function: one huge init would make the compiler slow
	n, inits := 0, 0
	line := func(format string, args ...any) {
		if n%chunk == 0 {
			if inits > 0 {
				calls.WriteString("}\n")
			}
			fmt.Fprintf(&calls, "func gooffsetsInit%d() {\n", inits)
			inits++
		}
		fmt.Fprintf(&calls, format, args...)
		n++
	}
	for i, s := range c.declared(p) {
		switch s.kind {
		case "struct":
			fmt.Fprintf(&decls, "//go:noinline\nfunc gooffsetsKeep%d(p *%s) { gooffsetsSink = p } // %s\n", i, s.expr, s.name)
			line("\tgooffsetsKeep%d(nil) // %s\n", i, s.name)
		case "func":
			line("\tgooffsetsKeep(%s) // %s\n", s.expr, s.name)
			if s.valueMethod {
				base, method, _ := strings.Cut(s.expr, ".")
				line("\tgooffsetsKeep((*%s).%s) // (*%s).%s\n", base, method, base, method)
			}
		}
	}
	if inits > 0 {
		calls.WriteString("}\n")
	}
	calls.WriteString("func init() {\n")
	for i := 0; i < inits; i++ {
		fmt.Fprintf(&calls, "\tgooffsetsInit%d()\n", i)
	}
	calls.WriteString("}\n")
	return decls.String() + calls.String()
}
