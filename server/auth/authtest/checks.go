package authtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/signin"
)

// Wrong returns credentials with another password.
func Wrong(in signin.Credentials) signin.Credentials {
	in.Password = "a wrong guess"
	return in
}

// MustRefuse fails unless a login is refused with a code; it returns the refusal.
func (w *World) MustRefuse(t testing.TB, in signin.Credentials, want auth.Code) *auth.Error {
	t.Helper()
	_, err := w.Login(t.Context(), in)
	var refusal *auth.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answers %v, want %s", err, want)
	}
	return refusal
}

// MustBeNobody fails if a secret speaks for anybody on the admin site.
func (w *World) MustBeNobody(t testing.TB, secret string) {
	t.Helper()
	if by, err := w.AuthenticateAdmin(t.Context(), secret, Desk); auth.ErrorCode(err) != auth.CodeInvalidToken || by != nil {
		t.Errorf("it is %+v, %v", by, err)
	}
}

// MustChangeNothing does something that is refused with a code, and returns the refusal.
func (w *World) MustChangeNothing(t testing.TB, want auth.Code, do func() error) *auth.Error {
	t.Helper()
	before, sessions := w.Store.Clone(), maps.Clone(w.Store.Sessions)
	err := do()
	var refusal *auth.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Fatalf("answers %v, want %s", err, want)
	}
	if !reflect.DeepEqual(before, w.Store.Rows) || !reflect.DeepEqual(sessions, w.Store.Sessions) {
		t.Error("something has changed all the same")
	}
	return refusal
}

// Told returns the events in words, one a line.
func Told(events []auth.Event) string {
	var lines strings.Builder
	for _, e := range events {
		fmt.Fprintf(&lines, "%s %s %s %s", e.Actor, e.Action, e.TargetKind, e.Target)
		for _, change := range e.Changes {
			fmt.Fprintf(&lines, "; %s: %q → %q", change.Field, change.Before, change.After)
		}
		lines.WriteString("\n")
	}
	return lines.String()
}

// FieldsOf names the fields that an error finds fault with.
func FieldsOf(err *auth.Error) string {
	fields := make([]string, 0, len(err.Fields))
	for _, f := range err.Fields {
		fields = append(fields, f.Field)
	}
	return strings.Join(fields, " ")
}

// MustHoldNoSecret fails when events hold what nobody may read.
func (w *World) MustHoldNoSecret(t testing.TB, secrets ...string) {
	t.Helper()
	text, err := json.Marshal(w.Store.Events)
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range w.Store.UserRows {
		secrets = append(secrets, user.Password)
	}
	for id := range w.Store.Sessions {
		secrets = append(secrets, id)
	}
	for _, secret := range append(secrets, "current$", "correct horse", "password of") {
		if strings.Contains(string(text), secret) {
			t.Errorf("events hold %q: %s", secret, text)
		}
	}
}
