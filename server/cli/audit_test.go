package cli

import (
	"regexp"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
)

// audited is a world with four events: two users who were made, one who was demoted
// and has signed in. It returns what audit verify says of the last.
func audited(t *testing.T) (w *world, noted string) {
	t.Helper()
	w = newWorld(t)
	w.superuser(t, "admin@example.com")
	w.superuser(t, "other@example.com")
	w.run(t, "user", "demote", "other@example.com").mustSucceed(t, "no longer a superuser")
	w.mustLogin(t, "other@example.com", goodPassword)
	got := w.run(t, "audit", "verify")
	said := regexp.MustCompile(`\AThe audit log is intact\. Events: 4\. Last event:\n(4:[0-9a-f]{64})\n\z`).FindStringSubmatch(got.stdout)
	if got.code != 0 || got.stderr != "" || said == nil {
		t.Fatalf("exits with %d\n%s%s", got.code, got.stdout, got.stderr)
	}
	return w, said[1]
}

func TestWhatIsDoneOnTheCommandLineIsAnEvent(t *testing.T) {
	t.Parallel()
	w, _ := audited(t)
	var got []string
	err := w.app(t).Store.EachEvent(t.Context(), auth.ListParams{}, func(e auth.Event) error {
		got = append(got, strings.Join([]string{string(e.Channel), e.Actor, string(e.Action), e.Target}, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"cli test created admin@example.com", "cli test created other@example.com",
		"cli command line changed other@example.com", "api other@example.com signed in other@example.com",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("events are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheSystemsNameIsInTheEvent(t *testing.T) {
	t.Parallel()
	if got := (Env{UserName: "ops"}).actor(); got.Name != "ops" || got.Channel != auth.ChannelCLI {
		t.Errorf("acts as %+v", got)
	}
	if userName() == "" {
		t.Error("who runs this test has no name")
	}
}

func TestAuditVerifyFindsWhatWasDone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ harm, line string }{
		"an edited event":  {"UPDATE latchkey_event SET actor = 'nobody' WHERE id = 3", "event 3 was changed after it was written, or the one before it"},
		"an edited field":  {"UPDATE latchkey_event SET changes = replace(changes, 'yes', 'no') WHERE id = 3", "event 3 was changed"},
		"a missing event":  {"DELETE FROM latchkey_event WHERE id = 2", "event 2 is missing"},
		"a missing end":    {"DELETE FROM latchkey_event WHERE id > 2", "the events after number 2 are missing: there were 4"},
		"no event at all":  {"DELETE FROM latchkey_event", "the events after number 0 are missing: there were 4"},
		"an edited end":    {"UPDATE latchkey_event_head SET hash = ''", "event 4, the last one, was changed"},
		"a time set back":  {"UPDATE latchkey_event SET at = '2020-01-01 00:00:00+00:00' WHERE id = 1", "event 1 was changed"},
		"an actor removed": {"UPDATE latchkey_event SET actor_id = NULL WHERE id = 4", "event 4 was changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _ := audited(t)
			w.exec(t, test.harm)
			got := w.run(t, "audit", "verify")
			got.mustFail(t, exitFailed, "the audit log was tampered with: "+test.line)
			if got.stdout != "" {
				t.Errorf("prints %s", got.stdout)
			}
		})
	}
}

func TestAuditVerifyComparesWhatWasNoted(t *testing.T) {
	t.Parallel()
	w, noted := audited(t)
	w.mustLogin(t, "admin@example.com", goodPassword)
	w.run(t, "audit", "verify", "--noted", noted).mustSucceed(t, "The audit log is intact. Events: 5.")
	w.run(t, "audit", "verify", "--noted", strings.ToUpper(noted)).mustSucceed(t, "Events: 5.")
	other := "2:" + strings.Repeat("a", 64)
	w.run(t, "audit", "verify", "--noted", noted, "--noted", other).mustFail(t, exitFailed, "event 2 is not the one that was noted elsewhere")
	w.run(t, "audit", "verify", "--noted", "9:"+strings.Repeat("a", 64)).mustFail(t, exitFailed, "event 9, which was noted elsewhere, is missing")
}

func TestAuditVerifyOfNoEvents(t *testing.T) {
	t.Parallel()
	if got := newWorld(t).run(t, "audit", "verify"); got.code != 0 || got.stdout != "The audit log is empty.\n" || got.stderr != "" {
		t.Errorf("exits with %d\n%s%s", got.code, got.stdout, got.stderr)
	}
}

func TestAuditThatCannotGoOn(t *testing.T) {
	t.Parallel()
	const form = "--noted: want NUMBER:HASH, as this command prints it"
	hash := strings.Repeat("a", 64)
	for name, test := range map[string]struct {
		args []string
		line string
	}{
		"a hash without a number":       {[]string{"verify", "--noted", hash}, form},
		"a number without a hash":       {[]string{"verify", "--noted", "4"}, form},
		"a number that is none":         {[]string{"verify", "--noted", "four:" + hash}, form},
		"a number that no event has":    {[]string{"verify", "--noted", "0:" + hash}, form},
		"a number that is too large":    {[]string{"verify", "--noted", "99999999999999999999:" + hash}, form},
		"a hash that is cut off":        {[]string{"verify", "--noted", "4:" + hash[1:]}, form},
		"an argument":                   {[]string{"verify", "4:" + hash}, "takes no arguments"},
		"a word that it does not know":  {[]string{"check"}, "unknown command \"check\""},
		"what was noted and is nothing": {[]string{"verify", "--noted", ""}, form},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newWorld(t).run(t, append([]string{"audit"}, test.args...)...).mustFail(t, exitUsage, test.line)
		})
	}
}

func TestAuditOfADatabaseThatIsBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vars["LATCHKEY_AUTO_MIGRATE"] = "false"
	w.run(t, "audit", "verify").mustFail(t, exitFailed, "run latchkey migrate")
}

func TestAuditWithoutACommandShowsHelp(t *testing.T) {
	t.Parallel()
	newWorld(t).run(t, "audit").mustSucceed(t, "latchkey audit [command]")
}
