package app

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/latchkey-auth/latchkey/server/config"
)

// secretFile holds the development secret, in the data directory.
const secretFile = "secret_key"

// secretKey returns the secret that is configured, or the one that is kept in the
// data directory, made when it is missing. It makes none where the configuration
// must name one.
func secretKey(cfg *config.Config) ([]byte, error) {
	if len(cfg.SecretKey) > 0 {
		return cfg.SecretKey, nil
	}
	if err := cfg.RequireSecret(); err != nil {
		return nil, err
	}
	path := filepath.Join(cfg.DataDir, secretFile)
	secret, err := readSecret(path)
	if errors.Is(err, fs.ErrNotExist) {
		return makeSecret(path)
	}
	return secret, err
}

// readSecret takes no secret that others may have read, or written.
func readSecret(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the development secret: %w", err)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("the development secret in %s is open to others (mode %04o); delete the file to have a new one made", path, mode)
	}
	secret, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the development secret: %w", err)
	}
	if err := config.CheckSecret(string(secret)); err != nil {
		return nil, fmt.Errorf("the development secret in %s %w; delete the file to have a new one made", path, err)
	}
	return secret, nil
}

// makeSecret writes the secret to a file of its own first: whoever starts at the
// same time reads a whole one, the same one.
func makeSecret(path string) ([]byte, error) {
	random := make([]byte, 48)
	if _, err := rand.Read(random); err != nil {
		return nil, fmt.Errorf("making the development secret: %w", err)
	}
	secret := []byte(base64.StdEncoding.EncodeToString(random))
	temporary, err := os.CreateTemp(filepath.Dir(path), secretFile+".*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("making the development secret: %w", err)
	}
	defer func() { _ = os.Remove(temporary.Name()) }()
	_, err = temporary.Write(secret)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return nil, fmt.Errorf("making the development secret: %w", err)
	}
	err = os.Link(temporary.Name(), path) // fails when there is one
	if errors.Is(err, fs.ErrExist) {
		return readSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("making the development secret: %w", err)
	}
	return secret, nil
}
