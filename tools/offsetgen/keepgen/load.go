package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// probeDir is the directory, inside the root module or GOROOT/src, of the main package that links everything.
const probeDir = "gooffsetsprobe"

// Package is one package of the closure, parsed.
type Package struct {
	Path     string
	Dir      string
	Module   *Module // nil: standard library
	Measured bool
	Files    []string // selected, sorted base names
	Syntax   []*ast.File
	Imports  []string // resolved import paths, sorted
	// Excluded are files that build constraints leave out of this build.
	Excluded  []*ast.File
	Selection string
	Ranges    []SelectionRange
	Err       string
}

// SelectionRange says which selection the Go minor releases First to Last make.
type SelectionRange struct {
	First  string `json:"first"`
	Last   string `json:"last"`
	Digest string `json:"selection"`
}

type listedPackage struct {
	Path string `json:"path"`
	Why  string `json:"why,omitempty"` // why it is not measured
	// Tags are those that its file selection depends on, filled in by writeFacts.
	Tags []string `json:"tags"`
}

type loader struct {
	spec     *Spec
	ctx      build.Context
	fset     *token.FileSet
	packages map[string]*Package
	order    []*Package // dependencies first
	missing  map[string]string
	contents map[string][]byte
}

func newLoader(spec *Spec) *loader {
	ctx := build.Default
	ctx.GOROOT = spec.Goroot
	ctx.GOPATH = ""
	ctx.GOOS = "linux"
	ctx.GOARCH = spec.Goarch
	ctx.CgoEnabled = false
	ctx.Compiler = "gc"
	ctx.BuildTags = spec.Tags
	ctx.ToolTags = spec.ToolTags
	ctx.ReleaseTags = spec.ReleaseTags
	l := &loader{spec: spec, ctx: ctx, fset: token.NewFileSet(), packages: map[string]*Package{},
		missing: map[string]string{}, contents: map[string][]byte{}}
	return l
}

func (l *loader) rootModule() *Module {
	if l.spec.Std {
		return &Module{Path: "std", Version: l.spec.Go, Dir: filepath.Join(l.spec.Goroot, "src")}
	}
	for i := range l.spec.Modules {
		if l.spec.Modules[i].Path == l.spec.RootModule {
			return &l.spec.Modules[i]
		}
	}
	fatal(fmt.Errorf("root module %q is not among the modules", l.spec.RootModule))
	return nil
}

// listPackages walks a module's directory and says of each package whether it would be measured as a root.
func (l *loader) listPackages(m *Module) []listedPackage {
	var out []listedPackage
	std := m.Path == "std"
	filepath.Walk(m.Dir, func(dir string, info os.FileInfo, err error) error {
		if err != nil || !info.IsDir() {
			return nil
		}
		rel, _ := filepath.Rel(m.Dir, dir)
		rel = filepath.ToSlash(rel)
		base := filepath.Base(dir)
		if rel != "." {
			if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" {
				return filepath.SkipDir
			}
			if base == "vendor" && !std {
				return filepath.SkipDir
			}
			if std && (rel == "cmd" || rel == probeDir || base == relayName) {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && !std {
				return filepath.SkipDir // another module
			}
		}
		importPath := path.Join(m.Path, rel)
		if std {
			importPath = rel
		}
		names := l.goFiles(dir)
		if len(names) == 0 || rel == "." && std {
			return nil
		}
		p := listedPackage{Path: importPath}
		selected := l.selected(dir, names, &l.ctx)
		switch {
		case len(selected) == 0:
			p.Why = "excluded by build constraints"
		case l.packageName(dir, selected[0]) == "main":
			p.Why = "main"
		case m.Path == l.spec.RootModule || std:
			p.Why = l.whyNotRoot(importPath)
		default:
			p.Why = "not in the closure"
		}
		out = append(out, p)
		return nil
	})
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

func matches(pattern, importPath string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
	}
	return pattern == importPath
}

func (l *loader) whyNotRoot(importPath string) string {
	switch importPath {
	case "unsafe", "builtin":
		return "no code of its own: the compiler knows it"
	case "runtime/cgo":
		if l.spec.Std {
			return "needs cgo, which is off: its C side is never built"
		}
	}
	for _, x := range l.spec.Exclude {
		if matches(x, importPath) {
			return "not a root"
		}
	}
	if len(l.spec.Roots) == 0 {
		return ""
	}
	for _, r := range l.spec.Roots {
		if matches(r, importPath) {
			return ""
		}
	}
	return "not a root"
}

// goFiles lists the non-test Go files of a directory, sorted.
func (l *loader) goFiles(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		n := e.Name()
		if !e.IsDir() && strings.HasSuffix(n, ".go") && !strings.HasSuffix(n, "_test.go") &&
			!strings.HasPrefix(n, "_") && !strings.HasPrefix(n, ".") {
			names = append(names, n)
		}
	}
	return names
}

func (l *loader) read(name string) []byte {
	if data, ok := l.contents[name]; ok {
		return data
	}
	data, err := os.ReadFile(name)
	if err != nil {
		data = nil
	}
	l.contents[name] = data
	return data
}

// selected applies build constraints as go/build does, reading each file once.
func (l *loader) selected(dir string, names []string, ctx *build.Context) []string {
	c := *ctx
	c.OpenFile = func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(l.read(name))), nil
	}
	var out []string
	for _, n := range names {
		if ok, err := c.MatchFile(dir, n); err != nil || !ok {
			continue
		}
		if importsC(l.read(filepath.Join(dir, n))) {
			continue
		}
		out = append(out, n)
	}
	return out
}

func importsC(src []byte) bool {
	if !bytes.Contains(src, []byte(`"C"`)) {
		return false
	}
	f, err := parser.ParseFile(token.NewFileSet(), "", src, parser.ImportsOnly)
	if err != nil {
		return false
	}
	for _, im := range f.Imports {
		if im.Path.Value == `"C"` {
			return true
		}
	}
	return false
}

func (l *loader) packageName(dir, file string) string {
	f, err := parser.ParseFile(token.NewFileSet(), "", l.read(filepath.Join(dir, file)), parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return f.Name.Name
}

// resolve finds the directory of an import path as seen from package `from`.
func (l *loader) resolve(importPath string, from *Package) (resolved, dir string, m *Module) {
	src := filepath.Join(l.spec.Goroot, "src")
	exists := func(d string) bool { return len(l.goFiles(d)) > 0 }
	if from == nil || from.Module == nil || !strings.Contains(strings.SplitN(importPath, "/", 2)[0], ".") {
		if from != nil && from.Module == nil {
			if d := filepath.Join(src, "vendor", importPath); exists(d) {
				return "vendor/" + importPath, d, nil
			}
		}
		if d := filepath.Join(src, importPath); exists(d) {
			return importPath, d, nil
		}
	}
	var best *Module
	bestDir := ""
	for i := range l.spec.Modules {
		m := &l.spec.Modules[i]
		if importPath != m.Path && !strings.HasPrefix(importPath, m.Path+"/") {
			continue
		}
		d := filepath.Join(m.Dir, strings.TrimPrefix(importPath, m.Path))
		if exists(d) && (best == nil || len(m.Path) > len(best.Path)) {
			best, bestDir = m, d
		}
	}
	return importPath, bestDir, best
}

// load parses the roots and everything they import.
func (l *loader) load() error {
	root := l.rootModule()
	for _, p := range l.listPackages(root) {
		if p.Why != "" {
			continue
		}
		if l.spec.Std {
			l.visit(p.Path, filepath.Join(root.Dir, p.Path), nil)
		} else {
			l.visit(p.Path, filepath.Join(root.Dir, strings.TrimPrefix(p.Path, root.Path)), root)
		}
	}
	if len(l.packages) == 0 {
		return fmt.Errorf("%s %s: no package to measure (roots %v)", root.Path, root.Version, l.spec.Roots)
	}
	return nil
}

func (l *loader) visit(importPath, dir string, m *Module) *Package {
	if p, ok := l.packages[importPath]; ok {
		return p
	}
	p := &Package{Path: importPath, Dir: dir, Module: m, Measured: (m != nil) != l.spec.Std}
	l.packages[importPath] = p
	names := l.goFiles(dir)
	p.Files = l.selected(dir, names, &l.ctx)
	l.parse(p, names)
	imports := map[string]bool{}
	for _, f := range p.Syntax {
		for _, im := range f.Imports {
			if ip, err := strconv.Unquote(im.Path.Value); err == nil && ip != "C" && ip != "unsafe" {
				imports[ip] = true
			}
		}
	}
	var list []string
	for ip := range imports {
		list = append(list, ip)
	}
	sort.Strings(list)
	for _, ip := range list {
		resolved, d, dm := l.resolve(ip, p)
		if d == "" {
			l.missing[ip] = importPath
			continue
		}
		p.Imports = append(p.Imports, resolved)
		l.visit(resolved, d, dm)
	}
	if p.Measured && m != nil {
		l.computeRanges(p, names)
	}
	for _, n := range names {
		delete(l.contents, filepath.Join(dir, n)) // parsed and digested: let go
	}
	l.order = append(l.order, p)
	return p
}

func (l *loader) parse(p *Package, names []string) {
	chosen := map[string]bool{}
	for _, n := range p.Files {
		chosen[n] = true
	}
	asts := make([]*ast.File, len(names))
	for _, n := range names {
		l.read(filepath.Join(p.Dir, n))
	}
	var wg sync.WaitGroup
	for i, n := range names {
		if !chosen[n] && !p.Measured {
			continue
		}
		src := l.contents[filepath.Join(p.Dir, n)]
		wg.Add(1)
		go func(i int, n string) {
			defer wg.Done()
			f, _ := parser.ParseFile(l.fset, filepath.Join(p.Dir, n), src, parser.SkipObjectResolution|parser.ParseComments)
			asts[i] = f
		}(i, n)
	}
	wg.Wait()
	name := ""
	for i, n := range names {
		if asts[i] == nil || !chosen[n] {
			continue
		}
		p.Syntax = append(p.Syntax, asts[i])
		if name == "" {
			name = asts[i].Name.Name
		}
	}
	for i, n := range names {
		if asts[i] != nil && !chosen[n] && asts[i].Name.Name == name {
			p.Excluded = append(p.Excluded, asts[i])
		}
	}
	p.Selection = l.digest(p, p.Files)
}

func (l *loader) digest(p *Package, files []string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", p.Path)
	for _, n := range files {
		data := l.read(filepath.Join(p.Dir, n))
		fmt.Fprintf(h, "%s %d\n", n, len(data))
		h.Write(data)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// computeRanges finds the selection that each Go minor release would make of this package, without building.
func (l *loader) computeRanges(p *Package, names []string) {
	depends := false
	for _, n := range names {
		src := l.read(filepath.Join(p.Dir, n))
		head := src
		if i := bytes.Index(src, []byte("\npackage ")); i >= 0 {
			head = src[:i]
		}
		if bytes.Contains(head, []byte("go1.")) {
			depends = true
			break
		}
	}
	for _, minor := range l.spec.Minors {
		label := fmt.Sprintf("1.%d", minor)
		digest := p.Selection
		if depends {
			c := l.ctx
			c.ReleaseTags = nil
			for v := 1; v <= minor; v++ {
				c.ReleaseTags = append(c.ReleaseTags, fmt.Sprintf("go1.%d", v))
			}
			digest = l.digest(p, l.selected(p.Dir, names, &c))
		}
		if n := len(p.Ranges); n > 0 && p.Ranges[n-1].Digest == digest {
			p.Ranges[n-1].Last = label
		} else {
			p.Ranges = append(p.Ranges, SelectionRange{label, label, digest})
		}
	}
}
