package main

import (
	"fmt"
	"go/types"
	"sort"
	"strings"
)

// typeName spells a type as Go's DWARF does: full import paths, byte as uint8, "interface {}".
func typeName(t types.Type) string {
	t = types.Unalias(t)
	switch t := t.(type) {
	case *types.Basic:
		switch t.Name() {
		case "byte":
			return "uint8"
		case "rune":
			return "int32"
		case "Pointer":
			return "unsafe.Pointer"
		}
		return t.Name()
	case *types.Named:
		s := t.Obj().Name()
		if p := t.Obj().Pkg(); p != nil {
			s = p.Path() + "." + s
		}
		if args := t.TypeArgs(); args != nil && args.Len() > 0 {
			var parts []string
			for i := 0; i < args.Len(); i++ {
				parts = append(parts, typeName(args.At(i)))
			}
			s += "[" + strings.Join(parts, ",") + "]"
		}
		return s
	case *types.TypeParam:
		return t.Obj().Name()
	case *types.Pointer:
		return "*" + typeName(t.Elem())
	case *types.Slice:
		return "[]" + typeName(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), typeName(t.Elem()))
	case *types.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + typeName(t.Elem())
		case types.RecvOnly:
			return "<-chan " + typeName(t.Elem())
		}
		if c, ok := types.Unalias(t.Elem()).(*types.Chan); ok && c.Dir() == types.RecvOnly {
			return "chan (" + typeName(c) + ")"
		}
		return "chan " + typeName(t.Elem())
	case *types.Signature:
		return "func" + signature(t)
	case *types.Struct:
		var parts []string
		for i := 0; i < t.NumFields(); i++ {
			f := t.Field(i)
			name := f.Name()
			if !f.Exported() && f.Pkg() != nil && name != "_" || name == "_" && f.Pkg() != nil {
				name = f.Pkg().Path() + "." + name
			}
			s := name + " " + typeName(f.Type())
			if f.Embedded() {
				s = typeName(f.Type())
			}
			if tag := t.Tag(i); tag != "" {
				s += fmt.Sprintf(" %q", tag)
			}
			parts = append(parts, s)
		}
		if len(parts) == 0 {
			return "struct {}"
		}
		return "struct { " + strings.Join(parts, "; ") + " }"
	case *types.Interface:
		var parts []string
		for i := 0; i < t.NumMethods(); i++ {
			m := t.Method(i)
			name := m.Name()
			if !m.Exported() && m.Pkg() != nil {
				name = m.Pkg().Path() + "." + name
			}
			parts = append(parts, name+signature(m.Type().(*types.Signature)))
		}
		if len(parts) == 0 {
			return "interface {}"
		}
		return "interface { " + strings.Join(parts, "; ") + " }"
	}
	return t.String()
}

func signature(s *types.Signature) string {
	list := func(t *types.Tuple, variadic bool) string {
		var parts []string
		for i := 0; i < t.Len(); i++ {
			n := typeName(t.At(i).Type())
			if variadic && i == t.Len()-1 {
				n = "..." + strings.TrimPrefix(n, "[]")
			}
			parts = append(parts, n)
		}
		return strings.Join(parts, ", ")
	}
	text := "(" + list(s.Params(), s.Variadic()) + ")"
	switch r := s.Results(); {
	case r.Len() == 1:
		text += " " + typeName(r.At(0).Type())
	case r.Len() > 1:
		text += " (" + list(r, false) + ")"
	}
	return text
}

// word is one flattened machine word: {at, size, isFloat}.
type word [3]int64

// flatten gives the words a value is passed in (src: abi-internal.md, register assignment). ok is false when it can
// never be passed in registers because it holds an array of more than one element.
func (c *checker) flatten(t types.Type, at int64, out []word) (words []word, ok bool) {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		size := c.sizes.Sizeof(u)
		switch {
		case u.Kind() == types.String:
			return append(out, word{at, 8, 0}, word{at + 8, 8, 0}), true
		case u.Info()&types.IsComplex != 0:
			return append(out, word{at, size / 2, 1}, word{at + size/2, size / 2, 1}), true
		case u.Info()&types.IsFloat != 0:
			return append(out, word{at, size, 1}), true
		}
		return append(out, word{at, size, 0}), true
	case *types.Slice:
		return append(out, word{at, 8, 0}, word{at + 8, 8, 0}, word{at + 16, 8, 0}), true
	case *types.Interface:
		return append(out, word{at, 8, 0}, word{at + 8, 8, 0}), true
	case *types.Array:
		switch u.Len() {
		case 0:
			return out, true
		case 1:
			return c.flatten(u.Elem(), at, out)
		}
		return nil, false
	case *types.Struct:
		offsets := c.offsets(u)
		for i := 0; i < u.NumFields(); i++ {
			if out, ok = c.flatten(u.Field(i).Type(), at+offsets[i], out); !ok {
				return nil, false
			}
		}
		return out, true
	}
	return append(out, word{at, 8, 0}), true
}

func (c *checker) offsets(s *types.Struct) []int64 {
	fields := make([]*types.Var, s.NumFields())
	for i := range fields {
		fields[i] = s.Field(i)
	}
	return c.sizes.Offsetsof(fields)
}

// valid says whether the type was checked completely, so that sizes can be asked for.
func valid(t types.Type, depth int) bool {
	if depth > 100 {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() != types.Invalid
	case *types.Array:
		return u.Len() >= 0 && valid(u.Elem(), depth+1)
	case *types.Struct:
		for i := 0; i < u.NumFields(); i++ {
			if !valid(u.Field(i).Type(), depth+1) {
				return false
			}
		}
	case *types.TypeParam:
		return false
	}
	if _, ok := t.(*types.TypeParam); ok {
		return false
	}
	return true
}

// byValue collects what a value of type t holds by value: std's named structs, and types that belong to no package
// (anonymous structs, instances of generics).
type byValue struct {
	std  map[string]bool
	held map[string]*types.Struct
}

func (b *byValue) add(t types.Type, top bool) {
	t = types.Unalias(t)
	if a, ok := t.Underlying().(*types.Array); ok {
		if n, ok := t.(*types.Named); !ok || n.Obj().Pkg() == nil {
			b.add(a.Elem(), false)
			return
		}
		b.add(a.Elem(), false)
		return
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	if !top {
		n, named := t.(*types.Named)
		switch {
		case named && n.TypeArgs().Len() == 0:
			if isStd(n.Obj().Pkg()) {
				// Its own size says all that matters here, so what it holds in turn is not followed.
				b.std[typeName(n)] = true
				return
			}
		default:
			name := typeName(t)
			if _, seen := b.held[name]; seen {
				return
			}
			b.held[name] = s
		}
	}
	for i := 0; i < s.NumFields(); i++ {
		b.add(s.Field(i).Type(), false)
	}
}

func isStd(p *types.Package) bool {
	return p != nil && !strings.Contains(strings.SplitN(p.Path(), "/", 2)[0], ".")
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
