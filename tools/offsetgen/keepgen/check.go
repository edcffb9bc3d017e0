package main

import (
	"fmt"
	"go/ast"
	"go/types"
	"sort"
	"strings"
)

// checker type-checks the closure without function bodies. Errors are collected, never fatal: what could not be
// checked is "not compared".
type checker struct {
	l     *loader
	sizes types.Sizes
	done  map[string]*types.Package
	errs  map[string][]string
}

func newChecker(l *loader) *checker {
	// The rules of the newest Go hold for all releases in range; older ones lack trailing padding (golang/go#61035).
	return &checker{l: l, sizes: types.SizesFor("gc", l.spec.Goarch), done: map[string]*types.Package{},
		errs: map[string][]string{}}
}

type importer struct {
	c    *checker
	from *Package
}

func (i importer) Import(importPath string) (*types.Package, error) {
	if importPath == "unsafe" {
		return types.Unsafe, nil
	}
	resolved, _, _ := i.c.l.resolve(importPath, i.from)
	if p, ok := i.c.done[resolved]; ok && p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("package %s is not in the closure", importPath)
}

func (c *checker) checkAll() {
	for _, p := range c.l.order {
		conf := types.Config{
			IgnoreFuncBodies: true,
			FakeImportC:      true,
			Importer:         importer{c, p},
			Sizes:            c.sizes,
			Error: func(err error) {
				if len(c.errs[p.Path]) < 5 {
					c.errs[p.Path] = append(c.errs[p.Path], err.Error())
				}
			},
		}
		tp, _ := conf.Check(p.Path, c.l.fset, p.Syntax, nil)
		c.done[p.Path] = tp
	}
}

// A declared symbol of a package and what is to be done with it.
type symbol struct {
	name   string // "Request", "(*Server).Serve", "Header.Get"
	kind   string // "struct", "func", or why it has no layout: generic, alias, bodiless, excluded, notstruct, unbuildable
	object types.Object
	expr   string // Go expression that names it inside its package
	// link is the name that a //go:linkname directive gives the function in the binary, if it does.
	link string
	// valueMethod: declared on T, so that the compiler makes the wrapper (*T).m.
	valueMethod bool
}

// receiver says on which type a method is declared.
func receiver(d *ast.FuncDecl) (base string, pointer, generic bool) {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return "", false, false
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.ParenExpr:
			t = x.X
		case *ast.StarExpr:
			pointer = true
			t = x.X
		case *ast.IndexExpr:
			generic = true
			t = x.X
		case *ast.IndexListExpr:
			generic = true
			t = x.X
		case *ast.Ident:
			return x.Name, pointer, generic
		default:
			return "", pointer, generic
		}
	}
}

func symbolName(base string, pointer bool, name string) string {
	switch {
	case base == "":
		return name
	case pointer:
		return "(*" + base + ")." + name
	}
	return base + "." + name
}

// declared lists the package's symbols, sorted by name.
func (c *checker) declared(p *Package) []symbol {
	byName := map[string]symbol{}
	tp := c.done[p.Path]
	unbuildable := map[string]bool{}
	for _, u := range c.l.spec.Unbuildable {
		unbuildable[u] = true
	}
	add := func(s symbol) {
		if unbuildable[p.Path+"."+s.name] {
			s.kind = "unbuildable"
		}
		byName[s.name] = s
	}
	links := linknames(p)
	genericTypes := map[string]bool{}
	aliases := map[string]bool{}
	for _, f := range p.Syntax {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				for _, sp := range g.Specs {
					if t, ok := sp.(*ast.TypeSpec); ok && t.Name.Name != "_" {
						if t.TypeParams != nil && len(t.TypeParams.List) > 0 {
							genericTypes[t.Name.Name] = true
						}
						if t.Assign.IsValid() {
							aliases[t.Name.Name] = true
						}
					}
				}
			}
		}
	}
	for _, f := range p.Syntax {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, sp := range d.Specs {
					t, ok := sp.(*ast.TypeSpec)
					if !ok || t.Name.Name == "_" {
						continue
					}
					s := symbol{name: t.Name.Name, kind: "struct", expr: t.Name.Name}
					if tp != nil {
						s.object = tp.Scope().Lookup(t.Name.Name)
					}
					switch {
					case genericTypes[s.name]:
						s.kind = "generic"
					case t.Assign.IsValid():
						s.kind = "alias"
					default:
						if s.object != nil {
							if _, ok := s.object.Type().Underlying().(*types.Struct); !ok {
								s.kind = "notstruct"
							}
						} else if _, ok := t.Type.(*ast.StructType); !ok {
							s.kind = "notstruct"
						}
					}
					add(s)
				}
			case *ast.FuncDecl:
				base, pointer, generic := receiver(d)
				if d.Name.Name == "_" || base == "_" || d.Recv == nil && (d.Name.Name == "init" || d.Name.Name == "main" && p.Path == "main") {
					continue
				}
				if d.Recv != nil && base == "" {
					continue
				}
				s := symbol{name: symbolName(base, pointer, d.Name.Name), kind: "func"}
				if d.Recv == nil {
					s.link = links[d.Name.Name]
				}
				s.expr = s.name
				switch {
				case generic || genericTypes[base] || d.Type.TypeParams != nil && len(d.Type.TypeParams.List) > 0:
					s.kind = "generic"
				case d.Body == nil:
					s.kind = "bodiless"
				}
				s.valueMethod = d.Recv != nil && !pointer && s.kind == "func"
				if aliases[base] && tp != nil {
					// A method declared on an alias belongs to the aliased type.
					if o := tp.Scope().Lookup(base); o != nil {
						if n, ok := types.Unalias(o.Type()).(*types.Named); ok {
							s.name = symbolName(n.Obj().Name(), pointer, d.Name.Name)
						}
					}
				}
				s.object = c.lookupFunc(tp, base, d.Name.Name)
				add(s)
			}
		}
	}
	for _, f := range p.Excluded {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.GenDecl:
				for _, sp := range d.Specs {
					if t, ok := sp.(*ast.TypeSpec); ok && t.Name.Name != "_" {
						if _, seen := byName[t.Name.Name]; !seen {
							add(symbol{name: t.Name.Name, kind: "excluded"})
						}
					}
				}
			case *ast.FuncDecl:
				base, pointer, _ := receiver(d)
				name := symbolName(base, pointer, d.Name.Name)
				if d.Name.Name == "_" || d.Recv == nil && d.Name.Name == "init" || d.Recv != nil && base == "" {
					continue
				}
				if _, seen := byName[name]; !seen {
					add(symbol{name: name, kind: "excluded"})
				}
			}
		}
	}
	out := make([]symbol, 0, len(byName))
	for _, s := range byName {
		out = append(out, s)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].name < out[j].name })
	return out
}

// linknames reads the directives "//go:linkname local importpath.name" and, from Go 1.27 on, "//go:linknamestd", which
// rename local's symbol in the binary (src: cmd/compile/internal/noder/noder.go). Without the second name they rename
// nothing.
func linknames(p *Package) map[string]string {
	out := map[string]string{}
	for _, f := range p.Syntax {
		for _, group := range f.Comments {
			for _, comment := range group.List {
				words := strings.Fields(comment.Text)
				if len(words) == 3 && (words[0] == "//go:linkname" || words[0] == "//go:linknamestd") {
					out[words[1]] = words[2]
				}
			}
		}
	}
	return out
}

func (c *checker) lookupFunc(tp *types.Package, base, name string) types.Object {
	if tp == nil {
		return nil
	}
	if base == "" {
		return tp.Scope().Lookup(name)
	}
	o := tp.Scope().Lookup(base)
	if o == nil {
		return nil
	}
	n, ok := types.Unalias(o.Type()).(*types.Named)
	if !ok {
		return nil
	}
	for i := 0; i < n.NumMethods(); i++ {
		if n.Method(i).Name() == name {
			return n.Method(i)
		}
	}
	return nil
}
