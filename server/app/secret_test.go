package app

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/latchkey-auth/latchkey/server/config"
)

// onThisMachine is a configuration that may make a secret in dir.
func onThisMachine(dir string) *config.Config {
	return &config.Config{Addr: "127.0.0.1:8080", DatabaseURL: "sqlite://" + filepath.Join(dir, "latchkey.db"), DataDir: dir}
}

func TestTheDevelopmentSecretIsMadeOnce(t *testing.T) {
	t.Parallel()
	cfg := onThisMachine(t.TempDir())
	first, err := secretKey(cfg)
	if err != nil {
		t.Fatal(err)
	}
	again, err := secretKey(cfg)
	if err != nil || !bytes.Equal(first, again) {
		t.Errorf("the second time it is another: %v", err)
	}
	if len(first) < config.MinSecretLength {
		t.Errorf("it has %d bytes", len(first))
	}
	info, err := os.Stat(filepath.Join(cfg.DataDir, secretFile))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("its file has mode %o", mode)
	}
	other, err := secretKey(onThisMachine(t.TempDir()))
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("another directory has the same: %v", err)
	}
}

func TestInstancesThatStartAtOnceHaveOneSecret(t *testing.T) {
	t.Parallel()
	for range 20 {
		cfg := onThisMachine(t.TempDir())
		secrets := make([][]byte, 8)
		var all sync.WaitGroup
		for i := range secrets {
			all.Go(func() {
				var err error
				if secrets[i], err = secretKey(cfg); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, secret := range secrets {
			if !bytes.Equal(secret, secrets[0]) {
				t.Fatal("two instances have two secrets")
			}
		}
		entries, err := os.ReadDir(cfg.DataDir)
		if err != nil || len(entries) != 1 {
			t.Fatalf("%d files are left, %v", len(entries), err)
		}
	}
}

func TestAConfiguredSecretIsTakenAndNoneIsMade(t *testing.T) {
	t.Parallel()
	cfg := onThisMachine(t.TempDir())
	cfg.SecretKey = []byte(strings.Repeat("0123456789", 4))
	secret, err := secretKey(cfg)
	if err != nil || !bytes.Equal(secret, cfg.SecretKey) {
		t.Errorf("is %q, %v", secret, err)
	}
	if _, err := os.Stat(filepath.Join(cfg.DataDir, secretFile)); err == nil {
		t.Error("a file was made")
	}
}

func TestWhereNoSecretIsMade(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(t *testing.T, c *config.Config){
		"on the network":          func(_ *testing.T, c *config.Config) { c.Addr = "0.0.0.0:8080" },
		"with PostgreSQL":         func(_ *testing.T, c *config.Config) { c.DatabaseURL = "postgres://db/app" },
		"without a directory":     func(_ *testing.T, c *config.Config) { c.DataDir = filepath.Join(c.DataDir, "no") },
		"over a file that is cut": func(t *testing.T, c *config.Config) { writeSecret(t, c, "too short") },
		"over an empty file":      func(t *testing.T, c *config.Config) { writeSecret(t, c, "") },
		"over a directory": func(t *testing.T, c *config.Config) {
			if err := os.Mkdir(filepath.Join(c.DataDir, secretFile), 0o700); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := onThisMachine(t.TempDir())
			change(t, cfg)
			secret, err := secretKey(cfg)
			if err == nil || secret != nil {
				t.Fatalf("is %q", secret)
			}
			if strings.Contains(err.Error(), "too short.") || strings.Contains(err.Error(), "\n") {
				t.Errorf("answers %v", err)
			}
		})
	}
}

func writeSecret(t *testing.T, cfg *config.Config, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(cfg.DataDir, secretFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A secret that others could read or write, or that can be guessed, is none.
func TestADevelopmentSecretThatIsNoneIsNotTaken(t *testing.T) {
	t.Parallel()
	good := "kT9v2LqXw7ZpR4nB8sYdF1hJ6mC3gA0e"
	for name, test := range map[string]struct {
		secret string
		mode   os.FileMode
		says   string
	}{
		"that others may read":  {good, 0o640, "open to others (mode 0640)"},
		"that others may write": {good, 0o602, "open to others (mode 0602)"},
		"that can be guessed":   {strings.Repeat("A", 32), 0o600, "can be guessed"},
		"that is short":         {"t1ny", 0o600, "at least 32 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := onThisMachine(t.TempDir())
			path := filepath.Join(cfg.DataDir, secretFile)
			if err := os.WriteFile(path, []byte(test.secret), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			_, err := secretKey(cfg)
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), test.secret) {
				t.Errorf("answers %v", err)
			}
		})
	}
}
