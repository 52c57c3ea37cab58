package accounts_test

import (
	"strings"
	"testing"

	"github.com/latchkey-auth/latchkey/server/auth"
	"github.com/latchkey-auth/latchkey/server/auth/accounts"
	"github.com/latchkey-auth/latchkey/server/auth/authtest"
)

func TestPeopleChangeTheirOwnNames(t *testing.T) {
	t.Parallel()
	const told = "sam@example.com changed user sam@example.com; "
	for name, test := range map[string]struct {
		edit accounts.OwnNames
		want [2]string
		told string
	}{
		"both":              {accounts.OwnNames{FirstName: new("Samuel"), LastName: new("Sampson")}, [2]string{"Samuel", "Sampson"}, `first_name: "Sam" → "Samuel"; last_name: "Smith" → "Sampson"`},
		"one":               {accounts.OwnNames{LastName: new("Sampson")}, [2]string{"Sam", "Sampson"}, `last_name: "Smith" → "Sampson"`},
		"with space around": {accounts.OwnNames{FirstName: new("\u00a0 Samuel\t")}, [2]string{"Samuel", "Smith"}, `first_name: "Sam" → "Samuel"`},
		"to nothing":        {accounts.OwnNames{FirstName: new(""), LastName: new(" ")}, [2]string{"", ""}, `first_name: "Sam" → ""; last_name: "Smith" → ""`},
		"to what they are":  {accounts.OwnNames{FirstName: new("Sam"), LastName: new("Smith ")}, [2]string{"Sam", "Smith"}, ""},
		"none":              {accounts.OwnNames{}, [2]string{"Sam", "Smith"}, ""},
	} {
		for channel, signIn := range principals {
			t.Run(name+" "+channel, func(t *testing.T) {
				t.Parallel()
				w := staffed(t)
				w.Store.User(authtest.SamID).FirstName, w.Store.User(authtest.SamID).LastName = "Sam", "Smith"
				by := signIn(t, w)
				was, before := *w.Store.User(authtest.SamID), len(w.Store.Events)
				got, err := w.UpdateOwnNames(t.Context(), by, test.edit)
				if err != nil {
					t.Fatal(err)
				}
				was.FirstName, was.LastName = test.want[0], test.want[1]
				if stored := *w.Store.User(authtest.SamID); stored != was || got != was {
					t.Errorf("stored %+v\nanswers %+v\nwant %+v", stored, got, was)
				}
				want := ""
				if test.told != "" {
					want = told + test.told + "\n"
				}
				if got := authtest.Told(w.Store.Events[before:]); got != want {
					t.Errorf("events tell %s\nwant %s", got, want)
				}
			})
		}
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	t.Parallel()
	long, bad := strings.Repeat("é", auth.MaxNameLength+1), "a\x00b"
	for fields, edit := range map[string]accounts.OwnNames{
		"first_name":           {FirstName: &long, LastName: new("fine")},
		"last_name":            {LastName: &bad},
		"first_name last_name": {FirstName: &bad, LastName: &long},
	} {
		w := staffed(t)
		by := principals["by the API"](t, w)
		refusal := w.MustChangeNothing(t, auth.CodeInvalid, func() error {
			_, err := w.UpdateOwnNames(t.Context(), by, edit)
			return err
		})
		if got := authtest.FieldsOf(refusal); got != fields {
			t.Errorf("finds fault with %q, want %q", got, fields)
		}
	}
}

func TestWhoIsSignedOutMeanwhileChangesNoName(t *testing.T) {
	t.Parallel()
	w := staffed(t)
	by := principals["by the API"](t, w)
	w.Store.End(by.Session.ID, w.Clock.At)
	w.MustChangeNothing(t, auth.CodeInvalidToken, func() error {
		_, err := w.UpdateOwnNames(t.Context(), by, accounts.OwnNames{FirstName: new("Samuel")})
		return err
	})
}
