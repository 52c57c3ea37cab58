package tests

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
	for _, text := range breaking(t, released, "api/openapi.yaml") {
		t.Errorf("a client of the released contract would break: %s", text)
	}
	// That the tool finds what it is there for.
	for name, change := range map[string][2]string{
		"a path that is gone":           {"/users/me/:", "/users/myself/:"},
		"another value of another enum": {"enum: [Bearer]", "enum: [Bearer, DPoP]"},
	} {
		broken := filepath.Join(t.TempDir(), "openapi.yaml")
		text := bytes.Replace(contract.YAML, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(text, contract.YAML) {
			t.Fatalf("%s: the contract has no %q", name, change[0])
		}
		if err := os.WriteFile(broken, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(breaking(t, released, broken)) == 0 {
			t.Errorf("%s is not noticed", name)
		}
	}
}

// breaking lists what would break a client of the base. A further problem code does not:
// the contract tells clients to take one that they do not know for its status.
func breaking(t *testing.T, base, revision string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "oasdiff", "breaking", "--format", "json", base, revision)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("oasdiff: %v", err)
	}
	var changes []struct {
		ID, Text, Operation, Path string
		Level                     int
	}
	if len(bytes.TrimSpace(out)) > 0 {
		if err := json.Unmarshal(out, &changes); err != nil {
			t.Fatalf("oasdiff: %v\n%s", err, out)
		}
	}
	const isError = 3
	var breaks []string
	for _, c := range changes {
		isCode := c.ID == "response-property-enum-value-added" && strings.Contains(c.Text, "to the `code` response property")
		if c.Level >= isError && !isCode {
			breaks = append(breaks, c.Operation+" "+c.Path+": "+c.Text)
		}
	}
	return breaks
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
