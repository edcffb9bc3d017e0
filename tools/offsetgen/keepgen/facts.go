package main

import (
	"bufio"
	"encoding/json"
	"go/types"
	"os"
	"path/filepath"
	"strings"
)

// The lines of facts.jsonl. One object a line: {"module":...} for each module, {"package":...} for each measured
// package, {"missing":...} for each import that no module provides.
type factsLine struct {
	Module  *moduleFacts  `json:"module,omitempty"`
	Package *packageFacts `json:"package,omitempty"`
	Missing *missingFacts `json:"missing,omitempty"`
}

type missingFacts struct {
	Import string `json:"import"`
	From   string `json:"from"`
}

type moduleFacts struct {
	Path     string          `json:"path"`
	Version  string          `json:"version"`
	Packages []listedPackage `json:"packages"`
}

type packageFacts struct {
	Path      string           `json:"path"`
	Module    string           `json:"module"`
	Version   string           `json:"version"`
	Files     []string         `json:"files"`
	Selection string           `json:"selection"`
	Ranges    []SelectionRange `json:"ranges"`
	// Symbols: name -> "struct", "func", or why it has no layout.
	Symbols map[string]string `json:"symbols"`
	// Wrappers: methods that the compiler makes for pointer receivers of value methods.
	Wrappers []string `json:"wrappers,omitempty"`
	// Links: functions whose symbol in the binary has another name (//go:linkname): declared name -> symbol.
	Links      map[string]string      `json:"links,omitempty"`
	Structs    map[string]structFacts `json:"structs"` // by name in the package, or full name for held types
	Held       []string               `json:"held,omitempty"`
	Funcs      map[string]funcFacts   `json:"funcs"`
	StdByValue []string               `json:"std_by_value"`
	Errors     []string               `json:"errors,omitempty"`
}

type structFacts struct {
	Size   int64   `json:"size"`
	Align  int64   `json:"align"`
	Fields []field `json:"fields"`
}

type field struct {
	Name   string `json:"n"`
	Offset int64  `json:"o"`
	Size   int64  `json:"s"`
}

type funcFacts struct {
	Params  []param `json:"params"`
	Results []param `json:"results"`
}

type param struct {
	Name   string `json:"n"`
	Type   string `json:"t"`
	Size   int64  `json:"s"`
	Align  int64  `json:"a"`
	Memory bool   `json:"m,omitempty"`
	Words  []word `json:"w,omitempty"`
}

func writeFacts(l *loader, c *checker) error {
	f, err := os.Create(filepath.Join(l.spec.Out, "facts.jsonl"))
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	modules := l.spec.Modules
	if l.spec.Std {
		modules = []Module{*l.rootModule()}
	}
	for i := range modules {
		m := &modules[i]
		facts := &moduleFacts{Path: m.Path, Version: m.Version, Packages: l.listPackages(m)}
		for j := range facts.Packages {
			p := &facts.Packages[j]
			if lp := l.packages[p.Path]; lp != nil && lp.Measured && p.Why != "main" {
				p.Why = ""
			}
			dir := filepath.Join(m.Dir, strings.TrimPrefix(p.Path, m.Path))
			if m.Path == "std" {
				dir = filepath.Join(m.Dir, p.Path)
			}
			p.Tags = l.constraintTags(dir, l.goFiles(dir))
		}
		if err := enc.Encode(factsLine{Module: facts}); err != nil {
			return err
		}
	}
	for _, ip := range sortedKeys(l.missing) {
		if err := enc.Encode(factsLine{Missing: &missingFacts{ip, l.missing[ip]}}); err != nil {
			return err
		}
	}
	for _, path := range sortedKeys(l.packages) {
		p := l.packages[path]
		if !p.Measured || len(p.Syntax) == 0 || p.Syntax[0].Name.Name == "main" {
			continue
		}
		if err := enc.Encode(factsLine{Package: c.facts(p)}); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

func (c *checker) facts(p *Package) *packageFacts {
	out := &packageFacts{Path: p.Path, Module: "std", Version: c.l.spec.Go, Files: p.Files, Selection: p.Selection,
		Ranges: p.Ranges, Symbols: map[string]string{}, Structs: map[string]structFacts{}, Funcs: map[string]funcFacts{}, Links: map[string]string{},
		Errors: c.errs[p.Path]}
	if p.Module != nil {
		out.Module, out.Version = p.Module.Path, p.Module.Version
	}
	held := byValue{std: map[string]bool{}, held: map[string]*types.Struct{}}
	for _, s := range c.declared(p) {
		out.Symbols[s.name] = s.kind
		if s.object == nil {
			continue
		}
		switch s.kind {
		case "struct":
			t := s.object.Type()
			if st, ok := t.Underlying().(*types.Struct); ok && valid(t, 0) {
				out.Structs[s.name] = c.structFacts(t, st)
				held.add(t, true)
			}
		case "func":
			fn, ok := s.object.(*types.Func)
			if !ok {
				continue
			}
			sig := fn.Type().(*types.Signature)
			if f, ok := c.funcFacts(sig); ok {
				out.Funcs[s.name] = f
				if s.link != "" {
					out.Links[s.name] = s.link
				}
				for _, tuple := range []*types.Tuple{sig.Params(), sig.Results()} {
					for i := 0; i < tuple.Len(); i++ {
						held.add(tuple.At(i).Type(), false)
					}
				}
				if s.valueMethod {
					base, method := cutMethod(s.name)
					wrapper := "(*" + base + ")." + method
					out.Wrappers = append(out.Wrappers, wrapper)
				}
			}
		}
	}
	for _, name := range sortedKeys(held.held) {
		st := held.held[name]
		if valid(st, 0) {
			out.Held = append(out.Held, name)
			out.Structs[name] = c.structFacts(st, st)
		}
	}
	out.StdByValue = sortedKeys(held.std)
	return out
}

func cutMethod(name string) (base, method string) {
	for i := 0; i < len(name); i++ {
		if name[i] == '.' {
			return name[:i], name[i+1:]
		}
	}
	return name, ""
}

func (c *checker) structFacts(t types.Type, s *types.Struct) structFacts {
	out := structFacts{Size: c.sizes.Sizeof(t), Align: c.sizes.Alignof(t), Fields: []field{}}
	if n, ok := t.(*types.Named); ok && n.Obj().Name() == "align64" && n.Obj().Pkg().Path() == "runtime/internal/atomic" {
		// The compilers of Go 1.19 to 1.22 align it as they do sync/atomic's; today's go/types knows only its new path.
		out.Align = 8
	}
	for i, o := range c.offsets(s) {
		f := s.Field(i)
		out.Fields = append(out.Fields, field{f.Name(), o, c.sizes.Sizeof(f.Type())})
	}
	return out
}

func (c *checker) funcFacts(sig *types.Signature) (funcFacts, bool) {
	out := funcFacts{Params: []param{}, Results: []param{}}
	ok := true
	add := func(list *[]param, v *types.Var) {
		t := v.Type()
		if !valid(t, 0) {
			ok = false
			return
		}
		p := param{Name: v.Name(), Type: typeName(t), Size: c.sizes.Sizeof(t), Align: c.sizes.Alignof(t)}
		words, assignable := c.flatten(t, 0, nil)
		p.Memory, p.Words = !assignable, words
		*list = append(*list, p)
	}
	if sig.Recv() != nil {
		add(&out.Params, sig.Recv())
	}
	for i := 0; i < sig.Params().Len(); i++ {
		add(&out.Params, sig.Params().At(i))
	}
	for i := 0; i < sig.Results().Len(); i++ {
		add(&out.Results, sig.Results().At(i))
	}
	return out, ok
}
