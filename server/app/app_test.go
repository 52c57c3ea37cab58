package app

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/config"
)

func newTempFile(t *testing.T) (*os.File, error) {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	t.Cleanup(func() { _ = file.Close() })
	return file, err
}

func readAll(t *testing.T, file *os.File) string {
	t.Helper()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func newOn(t *testing.T, change func(cfg *config.Config)) (*App, error) {
	t.Helper()
	cfg, err := config.Load(nil, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.DataDir = filepath.Join(t.TempDir(), "below", "data")
	cfg.DatabaseURL = "sqlite://" + filepath.Join(cfg.DataDir, "latchkey.db")
	change(cfg)
	a, err := New(cfg, "test", slog.New(slog.DiscardHandler), Options{})
	if err == nil {
		t.Cleanup(func() {
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	return a, err
}

func TestNewMakesWhatIsMissingForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	var dir string
	if _, err := newOn(t, func(c *config.Config) { dir = c.DataDir }); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "latchkey.db"): 0o600, filepath.Join(dir, secretFile): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != want {
			t.Errorf("%s has mode %o, want %o", path, mode, want)
		}
	}
}

func TestNewMakesNoDirectoryThatItDoesNotNeed(t *testing.T) {
	t.Parallel()
	var dir string
	_, err := newOn(t, func(c *config.Config) {
		dir = c.DataDir
		c.DatabaseURL, c.SecretKey = "postgres://127.0.0.1:1/app", []byte(strings.Repeat("0123456789", 4))
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the data directory was made, and nothing is kept in it")
	}
}

func TestNewThatFails(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, c *config.Config){
		"with a data directory below a file": func(t *testing.T, c *config.Config) {
			file, err := newTempFile(t)
			if err != nil {
				t.Fatal(err)
			}
			c.DataDir = filepath.Join(file.Name(), "data")
			c.DatabaseURL = "sqlite://" + filepath.Join(c.DataDir, "latchkey.db")
		},
		"without a secret on the network": func(_ *testing.T, c *config.Config) { c.Addr = ":8080" },
		"with a URL that is none":         func(_ *testing.T, c *config.Config) { c.DatabaseURL = "sqlite://" + c.DataDir + "/x.db?mode=memory" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := newOn(t, func(c *config.Config) { change(t, c) })
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Errorf("answers %v", err)
			}
		})
	}
}
