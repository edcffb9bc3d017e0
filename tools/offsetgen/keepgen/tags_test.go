package main

import (
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func testLoader() *loader {
	return newLoader(&Spec{Goroot: runtime.GOROOT(), Goarch: "amd64"})
}

// tagsOf writes files to a directory and lists the tags of the package that they are.
func tagsOf(t *testing.T, files map[string]string) []string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l := testLoader()
	return l.constraintTags(dir, l.goFiles(dir))
}

func TestConstraintTags(t *testing.T) {
	const plain = "package p\n"
	for _, test := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing", map[string]string{"a.go": plain}, nil},
		{"import C", map[string]string{"a.go": "package p\n\nimport \"C\"\n"}, []string{"cgo"}},
		{"import C behind a tag", map[string]string{"a.go": "//go:build x\n\npackage p\n\nimport \"C\"\n"}, []string{"cgo", "x"}},
		{"import C of other systems", map[string]string{"a_darwin.go": "package p\n\nimport \"C\"\n",
			"b.go": "//go:build windows\n\npackage p\n\nimport \"C\"\n", "c.go": plain}, nil},
		{"files that no build has", map[string]string{"types_linux.go": "//go:build ignore\n\npackage p\n\nimport \"C\"\n",
			"gen.go": "// +build ignore\n\npackage main\n", "a.go": plain}, nil},
		{"word C in a text", map[string]string{"a.go": "package p\n\nvar x = \"C\"\n"}, nil},
		{"cgo in a constraint", map[string]string{"a.go": "//go:build cgo\n\npackage p\n", "b.go": "//go:build !cgo\n\npackage p\n"},
			[]string{"cgo"}},
		{"old spelling", map[string]string{"a.go": "// +build cgo,linux appengine\n\npackage p\n"}, []string{"appengine", "cgo"}},
		{"both spellings: the new one counts", map[string]string{"a.go": "//go:build x\n// +build y\n\npackage p\n"}, []string{"x"}},
		{"other systems decide", map[string]string{"a.go": "//go:build darwin && cgo\n\npackage p\n",
			"b.go": "//go:build darwin && !cgo\n\npackage p\n", "c.go": "//go:build !darwin && !windows\n\npackage p\n"}, nil},
		{"this system decides", map[string]string{"a.go": "//go:build linux || x\n\npackage p\n"}, nil},
		{"unix and gc decide", map[string]string{"a.go": "//go:build (unix || x) && (!gccgo || y) && gc\n\npackage p\n"}, nil},
		{"another system's file", map[string]string{"a_windows.go": "//go:build x\n\npackage p\n"}, nil},
		{"another architecture's file", map[string]string{"a_s390x.go": "//go:build x\n\npackage p\n"}, nil},
		{"a file of arm64", map[string]string{"a_arm64.go": "//go:build !purego\n\npackage p\n"}, []string{"purego"}},
		{"arm64 in a constraint", map[string]string{"a.go": "//go:build arm64 && !purego\n\npackage p\n"}, []string{"purego"}},
		{"releases are no tags", map[string]string{"a.go": "//go:build go1.21\n\npackage p\n"}, nil},
		{"a tag of new releases", map[string]string{"a.go": "//go:build go1.24 && x\n\npackage p\n"}, []string{"x"}},
		{"a tag of old releases", map[string]string{"a.go": "//go:build !go1.20 && x\n\npackage p\n"}, []string{"x"}},
		{"a tag of releases before all", map[string]string{"a.go": "//go:build !go1.17 && x\n\npackage p\n"}, nil},
		{"experiments", map[string]string{"a.go": "//go:build goexperiment.synctest || (go1.25 && race)\n\npackage p\n"},
			[]string{"goexperiment.synctest", "race"}},
		{"boringcrypto is an experiment", map[string]string{"a.go": "//go:build boringcrypto\n\npackage p\n"},
			[]string{"goexperiment.boringcrypto"}},
		{"levels of architectures", map[string]string{"a.go": "//go:build amd64.v3\n\npackage p\n"}, []string{"amd64.v3"}},
		{"a tag that cancels out", map[string]string{"a.go": "//go:build x || !x\n\npackage p\n"}, nil},
		{"tests and other files do not count", map[string]string{"a_test.go": "//go:build x\n\npackage p\n", "a.go": plain,
			"a.s": "//go:build y\n", "_b.go": "//go:build z\n\npackage p\n"}, nil},
		{"no Go behind it", map[string]string{"a.go": "//go:build x\n\nno Go\n"}, []string{"x"}},
		{"SWIG", map[string]string{"a.go": plain, "b.swigcxx": ""}, []string{"cgo"}},
		{"too many to try", map[string]string{"a.go": "//go:build a && b && c && d && e && f && g && linux\n\npackage p\n"},
			[]string{"a", "b", "c", "d", "e", "f", "g"}},
	} {
		got := tagsOf(t, test.files)
		if got == nil {
			t.Errorf("%s: nil, which would read as unknown", test.name)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

// In the standard library each package's tags are among those that go/build lists, and toggling a tag that is left out
// selects the same files.
func TestConstraintTagsOfTheStandardLibrary(t *testing.T) {
	l := testLoader()
	src := filepath.Join(runtime.GOROOT(), "src")
	packages, toggled, changed := 0, 0, 0
	for _, p := range l.listPackages(&Module{Path: "std", Dir: src}) {
		packages++
		dir := filepath.Join(src, p.Path)
		tags := l.constraintTags(dir, l.goFiles(dir))
		for _, arch := range architectures {
			ctx := build.Default
			ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled, ctx.ToolTags = "linux", arch, false, nil
			without, _ := ctx.ImportDir(dir, 0)
			for _, tag := range without.AllTags {
				if _, ok := releaseTag(tag); ok || decided[tag] {
					continue
				}
				with := ctx
				if tag == "cgo" {
					with.CgoEnabled = true
				} else {
					with.BuildTags = []string{tag}
				}
				toggled++
				other, _ := with.ImportDir(dir, 0)
				if slices.Equal(append(without.GoFiles, without.CgoFiles...), append(other.GoFiles, other.CgoFiles...)) {
					continue
				}
				changed++
				if !slices.Contains(tags, tag) {
					t.Errorf("%s on %s: %s selects other files and is not in %v", p.Path, arch, tag, tags)
				}
			}
		}
	}
	if packages < 300 || toggled < 100 || changed < 50 {
		t.Errorf("%d packages, %d tags toggled, %d with a difference: too few to mean anything", packages, toggled, changed)
	}
	for path, want := range map[string][]string{"net/http": {"nethttpomithttp2"}, "fmt": nil, "plugin": {"cgo"},
		"syscall": {"faketime"}} {
		dir := filepath.Join(src, path)
		if got := l.constraintTags(dir, l.goFiles(dir)); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	t.Logf("%d packages, %d tags toggled, %d with a difference", packages, toggled, changed)
}

// The words that are decided are Go's own lists.
func TestDecidedTagsAreGosLists(t *testing.T) {
	name := filepath.Join(runtime.GOROOT(), "src/internal/syslist/syslist.go")
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{"unix": true, "gc": true, "gccgo": true, "ignore": true}
	for _, d := range f.Decls {
		for _, line := range strings.Split(string(text[d.Pos()-f.FileStart:d.End()-f.FileStart]), "\n") {
			if word, _, ok := strings.Cut(line, ":"); ok && strings.HasPrefix(line, "\t\"") {
				words[strings.Trim(word, "\t\"")] = true
			}
		}
	}
	if len(words) < 40 || !reflect.DeepEqual(words, decided) {
		t.Errorf("decided: %v, Go's: %v", sortedKeys(decided), sortedKeys(words))
	}
}
