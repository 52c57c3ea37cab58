package cli

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	status := func(want ...string) {
		t.Helper()
		got := w.run(t, "migrate", "status")
		var states []string
		for line := range strings.Lines(got.stdout) {
			name, state, _ := strings.Cut(strings.TrimSpace(line), " ")
			state = strings.TrimSpace(state)
			if at, applied := strings.CutPrefix(state, "applied "); applied {
				if _, err := time.Parse("2006-01-02 15:04:05 UTC", at); err != nil {
					t.Error(err)
				}
				state = "applied"
			}
			states = append(states, name+" "+state)
		}
		if got.code != 0 || got.stderr != "" || strings.Join(states, ", ") != strings.Join(want, ", ") {
			t.Fatalf("exits with %d\n%s%s\nwant %v", got.code, got.stdout, got.stderr, want)
		}
	}
	exactly := func(stdout string, args ...string) {
		t.Helper()
		if got := w.run(t, args...); got.code != 0 || got.stdout != stdout || got.stderr != "" {
			t.Fatalf("%v exits with %d\n%s%s\nwant %q", args, got.code, got.stdout, got.stderr, stdout)
		}
	}
	all := migrations(t)
	last := len(all) - 1
	// states says that the first so many are applied.
	states := func(applied int) []string {
		var lines []string
		for i, name := range all {
			if i < applied {
				lines = append(lines, name+" applied")
			} else {
				lines = append(lines, name+" not applied")
			}
		}
		return lines
	}
	everything := "Applied " + strings.Join(all, "\nApplied ") + "\n"
	status(states(0)...)
	exactly("No migration is applied.\n", "migrate", "down")
	exactly(everything, "migrate")
	exactly("The database is up to date.\n", "migrate", "up")
	status(states(len(all))...)
	exactly("Undid "+all[last]+"\n", "migrate", "down")
	status(states(last)...)
	exactly("Applied "+all[last]+"\n", "migrate", "up")
	for _, name := range slices.Backward(all) {
		exactly("Undid "+name+"\n", "migrate", "down")
	}
	exactly(everything, "migrate", "up")
}

// migrations returns the names of those that there are, in order.
func migrations(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../repo/migrations/*.up.sql")
	if err != nil || len(files) < 3 {
		t.Fatalf("the migrations are %v, %v", files, err)
	}
	for i, file := range files { // sorted, by Glob
		files[i] = strings.TrimSuffix(filepath.Base(file), ".up.sql")
	}
	return files
}

func TestADatabaseOfANewerVersionIsToldInALine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run(t, "migrate").mustSucceed(t, "Applied")
	w.exec(t, "INSERT INTO latchkey_migration (name, applied_at) VALUES ('9999_future', '2030-01-01 00:00:00+00:00')")
	w.unasked("admin@example.com", goodPassword)
	for _, args := range [][]string{
		{"migrate"}, {"migrate", "up"}, {"migrate", "down"}, {"migrate", "status"},
		{"createsuperuser", "--noinput"}, {"changepassword", "admin@example.com"}, {"serve", "--addr", "127.0.0.1:0"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			got := w.run(t, args...)
			got.mustFail(t, exitFailed, "newer than this latchkey")
			if !strings.Contains(got.stderr, "9999_future") || got.stdout != "" {
				t.Errorf("says %s%s", got.stdout, got.stderr)
			}
		})
	}
}

func TestWithoutAutoMigrateNothingIsMigrated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["LATCHKEY_AUTO_MIGRATE"] = "false"
	w.unasked("admin@example.com", goodPassword)
	w.run(t, "createsuperuser", "--noinput").mustFail(t, exitFailed, "run latchkey migrate")
	w.run(t, "serve", "--addr", "127.0.0.1:0").mustFail(t, exitFailed, "run latchkey migrate")
	w.run(t, "migrate").mustSucceed(t, "Applied 0001_django")
	w.run(t, "createsuperuser", "--noinput").mustSucceed(t, "created")
}
