package main

import (
	"bytes"
	"fmt"
	"go/build"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The architectures that probes are built for. A package's tags are those of both, so that they do not depend on the build.
var architectures = []string{"amd64", "arm64"}

// oldestMinor is the oldest Go release that is measured: constraints on older ones are decided.
const oldestMinor = 17

// maxFreeTags bounds the combinations that are tried for one file: above it, each tag counts.
const maxFreeTags = 6

// decided are the tags that are the same in every build for linux on amd64 and arm64 with the gc compiler: operating
// systems and architectures (src: internal/syslist, which a test compares), "unix", and the compilers; and "ignore", which
// keeps a file out of every build (go help buildconstraint): many packages have such a file that imports "C". Release
// tags are varied separately, see constraintTags.
var decided = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields("aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd " +
		"plan9 solaris wasip1 windows zos " +
		"386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 " +
		"ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm unix gc gccgo ignore") {
		words[w] = true
	}
	return words
}()

// releaseTag returns N of "go1.N".
func releaseTag(tag string) (minor int, ok bool) {
	text, ok := strings.CutPrefix(tag, "go1.")
	if !ok {
		return 0, false
	}
	minor, err := strconv.Atoi(text)
	return minor, err == nil && minor > 0
}

// constraintTags lists the tags on which it depends which of these Go files are compiled, sorted: "cgo" (also for
// `import "C"`), "purego", "race", "goexperiment.synctest". Never nil.
//
// go/build's Package.AllTags are all words of the constraints. Of these only the ones count that make a difference: of
// "darwin && cgo" none does. So go/build is asked about each file with every combination of its words, on both
// architectures and on both sides of each Go release that it names.
func (l *loader) constraintTags(dir string, names []string) []string {
	found := map[string]bool{}
	if generated, _ := filepath.Glob(filepath.Join(dir, "*.swig*")); len(generated) > 0 {
		found["cgo"] = true // SWIG makes Go files, of cgo builds only
	}
	for _, name := range l.filesWithTags(dir, names) {
		l.addFileTags(dir, name, found)
	}
	return sortedKeys(found)
}

// filesWithTags leaves out the files with decided tags only, at once where no file of the directory has others.
func (l *loader) filesWithTags(dir string, names []string) []string {
	var cgo []string
	for _, n := range names {
		if importsC(l.read(filepath.Join(dir, n))) {
			cgo = append(cgo, n)
		}
	}
	if free, _ := l.freeTags(dir, names); len(free) == 0 {
		return cgo
	}
	return names
}

// freeTags are the words of these files' constraints that are not decided, and the Go minor releases that they name.
func (l *loader) freeTags(dir string, names []string) (free []string, minors []int) {
	c := l.taglessContext(architectures[0])
	c.UseAllFiles = true // or a file of the other architecture would not be read
	c.ReadDir = func(string) ([]fs.FileInfo, error) {
		infos := make([]fs.FileInfo, len(names))
		for i, n := range names {
			infos[i] = namedFile{name: n}
		}
		return infos, nil
	}
	// What is wrong with the files is said elsewhere; the tags are listed all the same.
	p, _ := c.ImportDir(dir, 0)
	for _, tag := range p.AllTags {
		if tag == "boringcrypto" {
			tag = "goexperiment.boringcrypto" // its old name (src: go/build, matchTag)
		}
		if minor, ok := releaseTag(tag); ok {
			minors = append(minors, minor)
		} else if !decided[tag] {
			free = append(free, tag)
		}
	}
	slices.Sort(free)
	return slices.Compact(free), minors
}

func (l *loader) addFileTags(dir, name string, found map[string]bool) {
	free, minors := l.freeTags(dir, []string{name})
	cgo := importsC(l.read(filepath.Join(dir, name)))
	if cgo && !slices.Contains(free, "cgo") {
		free = append(free, "cgo")
	}
	if len(free) > maxFreeTags {
		for _, tag := range free {
			found[tag] = true
		}
		return
	}
	releases := map[int]bool{oldestMinor: true}
	for _, minor := range minors {
		releases[max(minor, oldestMinor)] = true
		releases[max(minor-1, oldestMinor)] = true
	}
	for _, arch := range architectures {
		for release := range releases {
			c := l.taglessContext(arch)
			for v := 1; v <= release; v++ {
				c.ReleaseTags = append(c.ReleaseTags, fmt.Sprintf("go1.%d", v))
			}
			selected := make([]bool, 1<<len(free)) // by the set of tags
			for set := range selected {
				c.BuildTags, c.CgoEnabled = nil, false
				for i, tag := range free {
					if set>>i&1 == 0 {
						continue
					}
					if tag == "cgo" {
						c.CgoEnabled = true
					} else {
						c.BuildTags = append(c.BuildTags, tag)
					}
				}
				ok, err := c.MatchFile(dir, name)
				selected[set] = ok && err == nil && (!cgo || c.CgoEnabled)
			}
			for i, tag := range free {
				for set := range selected {
					if selected[set] != selected[set^1<<i] {
						found[tag] = true
						break
					}
				}
			}
		}
	}
}

// taglessContext has no tags of any kind, and reads each file once.
func (l *loader) taglessContext(arch string) build.Context {
	c := l.ctx
	c.GOROOT = "" // whose directories ImportDir would look the path up in
	c.GOARCH = arch
	c.BuildTags, c.ToolTags, c.ReleaseTags = nil, nil, nil
	c.OpenFile = func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(l.read(name))), nil
	}
	return c
}

// namedFile is a regular file of which only the name matters.
type namedFile struct {
	fs.FileInfo
	name string
}

func (f namedFile) Name() string      { return f.name }
func (f namedFile) IsDir() bool       { return false }
func (f namedFile) Mode() fs.FileMode { return 0 }
