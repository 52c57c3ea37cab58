package tests

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	contract "github.com/latchkey-auth/latchkey/api"
)

// What is committed in gen/ is what the generator makes of the contract, to the
// letter, and nothing else.
func TestGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fresh, settings := filepath.Join(dir, "api.gen.go"), filepath.Join(dir, "settings.yaml")
	elsewhere := bytes.Replace(read(t, "../oapi-codegen.yaml"), []byte("output: gen/api.gen.go"), []byte("output: "+fresh), 1)
	if err := os.WriteFile(settings, elsewhere, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "tool", "oapi-codegen", "-config", settings, "api/openapi.yaml")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generating: %v\n%s", err, out)
	}
	entries, err := os.ReadDir("../gen")
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 {
		t.Errorf("gen/ has more than the generated file: %v", entries)
	}
	if !bytes.Equal(read(t, fresh), read(t, "../gen/api.gen.go")) {
		t.Error("gen/api.gen.go is not what the contract makes: run make generate")
	}
}

// The contract that a client generated its code from goes on being served.
func TestNothingBreaksTheReleasedContract(t *testing.T) {
	t.Parallel()
	const released = "tests/testdata/contract/openapi-0.1.0.yaml"
	if out, err := breaking(t, released, "api/openapi.yaml"); err != nil {
		t.Errorf("a client of the released contract would break:\n%s", out)
	}
	// That the tool finds what it is there for.
	broken := filepath.Join(t.TempDir(), "openapi.yaml")
	without := bytes.Replace(contract.YAML, []byte("/users/me/:"), []byte("/users/myself/:"), 1)
	if err := os.WriteFile(broken, without, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := breaking(t, released, broken); err == nil {
		t.Errorf("a path that is gone is not noticed:\n%s", out)
	}
}

func breaking(t *testing.T, base, revision string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "oasdiff", "breaking", "--fail-on", "ERR", base, revision)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
