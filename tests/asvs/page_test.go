package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageIsFresh(t *testing.T) {
	t.Parallel()
	want, err := render("../..")
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/security.md is not what the tests make: run make generate")
	}
}

// Take a test away and the page changes; a tag that means nothing is told.
func TestThePageFollowsTheTests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a_test.go", "// Why.\n//\n// ASVS 9.1.1, 9.1.2\nfunc TestForged(t *testing.T) {\n")
	write("b.test.ts", "  // ASVS 9.1.1\n  test('a forged one', () => {\n")
	page, err := render(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[TestForged](../a_test.go)<br>[a forged one](../b.test.ts)", "[TestForged](../a_test.go) |"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	if err := os.Remove(filepath.Join(dir, "a_test.go")); err != nil {
		t.Fatal(err)
	}
	if fewer, err := render(dir); err != nil || strings.Contains(fewer, "TestForged") || fewer == page {
		t.Errorf("the test that is gone is still there: %v", err)
	}
	for _, wrong := range []string{"// ASVS 99.1.1\nfunc TestX(t *testing.T) {\n", "// ASVS 9.1.1\n"} {
		write("c_test.go", wrong)
		if _, err := render(dir); err == nil {
			t.Errorf("%q is taken", wrong)
		}
	}
}
